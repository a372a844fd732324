"""Linear probes and fine-tuning: which labels a network's states encode."""

import torch

from paradigms.models.gpt import GPT, GPTConfig
from paradigms.training.linear_probe import EVERY, WHOLE, Task, inner, probe, read_out
from paradigms.training.loop import TrainingConfig
from paradigms.training.pretraining import objectives

OBJECTIVES = objectives(8)


def network() -> GPT:
    """A small GPT with fixed weights."""
    torch.manual_seed(0)
    return GPT(GPTConfig(8, 8, width=16, layers=1, heads=2))


def task(reads: dict, label) -> Task:
    """Random texts of six words, with a label for each text or each inner word."""
    rng = torch.Generator().manual_seed(0)
    parts = [torch.randint(4, 8, (size, 6), generator=rng) for size in (200, 100, 300)]
    return Task(*((texts, label(texts)) for texts in parts), reads)


def test_a_label_that_stands_in_the_word_is_read():
    """Which half of the vocabulary a word is from: above 99%, without pretraining."""
    data = task(EVERY, lambda texts: (texts > 5)[:, 1:-1].flatten().long())
    _, accuracy = probe(OBJECTIVES["masked"], network(), data, inner)
    assert accuracy > 0.99


def test_a_label_of_no_word_is_not_read():
    """Negative control: random labels are at chance, for the probe and after tuning."""
    rng = torch.Generator().manual_seed(1)
    data = task(WHOLE, lambda texts: torch.randint(2, (len(texts),), generator=rng))
    accuracies = read_out(
        OBJECTIVES["masked"], network(), data, TrainingConfig(60, 3e-3, 5)
    )
    assert all(0.4 < accuracy < 0.6 for accuracy in accuracies.values())


def test_the_place_to_read_is_chosen_without_the_test_part():
    """A label of the last word is read from the last state, not the mean."""
    data = task(WHOLE, lambda texts: (texts[:, -1] > 5).long())
    accuracies = read_out(
        OBJECTIVES["next token"], network(), data, TrainingConfig(60, 3e-3, 5)
    )
    assert accuracies["probe"] > 0.99
    assert accuracies["tuned"] > 0.99


def test_tuning_teaches_what_no_state_tells():
    """Whether first and last word agree: a linear probe fails, fine-tuning does not."""
    data = task(WHOLE, lambda texts: (texts[:, 0] == texts[:, -1]).long())
    accuracies = read_out(
        OBJECTIVES["masked"], network(), data, TrainingConfig(400, 1e-2, 20)
    )
    assert accuracies["probe"] < 0.85 < accuracies["tuned"]
