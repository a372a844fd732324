"""What a network knows of labels: read where it stands, else taught."""

import torch

from paradigms.models.gpt import GPT, GPTConfig
from paradigms.training.linear_probe import EVERY, WHOLE, Task, inner, probe, read_out
from paradigms.training.loop import TrainingConfig
from paradigms.training.pretraining import objectives

OBJECTIVES = objectives(8)


def network() -> GPT:
    """A small one, always with the same weights."""
    torch.manual_seed(0)
    return GPT(GPTConfig(8, 8, width=16, layers=1, heads=2))


def task(reads: dict, label) -> Task:
    """Random texts of six words, with a label each or each inner word."""
    dice = torch.Generator().manual_seed(0)
    parts = [torch.randint(4, 8, (size, 6), generator=dice) for size in (200, 100, 300)]
    return Task(*((texts, label(texts)) for texts in parts), reads)


def test_a_label_that_stands_in_the_word_is_read():
    """Which half of the words it is from: nearly always right, without any training."""
    known = task(EVERY, lambda texts: (texts > 5)[:, 1:-1].flatten().long())
    _, right = probe(OBJECTIVES["masked"], network(), known, inner)
    assert right > 0.99


def test_a_label_of_no_word_is_not_read():
    """The guard itself: coin flips are guessed, by the probe and after tuning."""
    dice = torch.Generator().manual_seed(1)
    known = task(WHOLE, lambda texts: torch.randint(2, (len(texts),), generator=dice))
    found = read_out(
        OBJECTIVES["masked"], network(), known, TrainingConfig(60, 3e-3, 5)
    )
    assert all(0.4 < right < 0.6 for right in found.values())


def test_the_place_to_read_is_chosen_without_the_test_part():
    """The last word's label stands in the last state; its mean hardly tells."""
    known = task(WHOLE, lambda texts: (texts[:, -1] > 5).long())
    found = read_out(
        OBJECTIVES["next token"], network(), known, TrainingConfig(60, 3e-3, 5)
    )
    assert found["probe"] > 0.99
    assert found["tuned"] > 0.99


def test_tuning_teaches_what_no_state_tells():
    """Whether first and last word agree: a linear probe fails, tuning does not."""
    known = task(WHOLE, lambda texts: (texts[:, 0] == texts[:, -1]).long())
    found = read_out(
        OBJECTIVES["masked"], network(), known, TrainingConfig(400, 1e-2, 20)
    )
    assert found["probe"] < 0.85 < found["tuned"]
