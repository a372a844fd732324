"""Fine-tuning: pooling, selection of checkpoint and rate, and the probe beside it."""

import pytest
import torch

from paradigms.data.review_endings import encode_rows
from paradigms.masks import bidirectional, causal
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.training import finetuning
from paradigms.training.finetuning import ProbingTask, SequenceClassifier
from paradigms.training.linear_probe import Labelled
from paradigms.training.loop import Batch, TrainingConfig
from paradigms.training.pretraining import MaskedOrCausalLM, mean_state, objectives

SHAPE = GPTConfig(vocabulary=20, positions=8, width=16, layers=1, heads=2)
RULES = {"causal": causal, "bidirectional": bidirectional}
OBJECTIVES = objectives(8)
ONE_SWEEP = finetuning.Sweep(
    steps=30, learning_rates=(1e-9, 1e-2), evaluations=3, batch=16
)


def language_model(rule: str = "causal") -> MaskedOrCausalLM:
    """A fresh network under one of the two rules."""
    torch.manual_seed(0)
    return MaskedOrCausalLM(SHAPE, RULES[rule]).eval()


def texts(count: int) -> Labelled:
    """Random rows of the words 5 to 8; the label is whether the first is 7 or 8."""
    rng = torch.Generator().manual_seed(count)
    rows = torch.randint(5, 9, (count, 6), generator=rng)
    return Labelled(rows, (rows[:, 0] > 6).long())


def small_gpt() -> GPT:
    """A small GPT with fixed weights."""
    torch.manual_seed(0)
    return GPT(GPTConfig(8, 8, width=16, layers=1, heads=2))


def task(label, *poolings) -> ProbingTask:
    """Random texts of six words, with a label for each text or each inner word."""
    rng = torch.Generator().manual_seed(0)
    parts = [torch.randint(4, 8, (size, 6), generator=rng) for size in (200, 100, 300)]
    return ProbingTask(*(Labelled(x, label(x)) for x in parts), poolings)


WHOLE = (finetuning.mean_of_words, finetuning.last_word)


@pytest.mark.parametrize("rule", RULES)
def test_the_mean_state_is_read_under_both_rules(rule):
    """Mean pooling without padding, with the same head."""
    network = SequenceClassifier(language_model(rule))
    rows = torch.tensor([[1, 5, 6, 0], [1, 7, 7, 8]])
    expected = network.head(mean_state(network.backbone.states(rows), rows))
    assert network(rows).equal(expected)


@pytest.mark.parametrize("rule", RULES)
def test_padding_changes_no_label(rule):
    """The same text in a longer row gives the same scores, under both rules."""
    classifier = SequenceClassifier(language_model(rule))
    short, long = (classifier(encode_rows([[0, 1, 2]], size)) for size in (4, 8))
    assert torch.allclose(short, long, atol=1e-6)
    other = classifier(encode_rows([[0, 1, 3]], 4))
    assert not torch.allclose(short, other, atol=1e-6)


def test_the_loss_of_labels_is_a_sum_with_their_number():
    """Sum and count equal the log-softmax, summed label by label."""
    classifier = SequenceClassifier(language_model())
    rows, labels = encode_rows([[0, 1, 2, 3, 4, 5, 6]] * 8, 8), torch.tensor([0, 1] * 4)
    total, count = finetuning.label_loss(classifier, Batch(rows, labels))
    expected = -classifier(rows).log_softmax(dim=1)[range(8), labels].sum()
    assert int(count) == 8
    assert torch.allclose(total, expected)


def test_the_best_of_all_rates_and_evaluations_is_returned():
    """The rate that learns is selected; the initial network is not modified."""
    start, train, validation = language_model(), texts(64), texts(40)
    before = start.body.word.weight.clone()
    best = finetuning.finetune(start, train, validation, ONE_SWEEP)
    assert best.step in (10, 20, 30)
    result = finetuning.score(best.network(validation.x), validation.labels)
    assert result == best.score
    slow = finetuning.finetune_at_rate(start, train, validation, ONE_SWEEP, 1e-9)
    assert result.error < 0.2 < slow.score.error
    assert start.body.word.weight.equal(before)


def test_an_evaluation_before_the_end_can_be_the_best():
    """With training labels opposite to the validation labels the first is selected."""
    rows, labels = texts(64)
    sweep = finetuning.Sweep(40, learning_rates=(1e-2,), evaluations=4, batch=16)
    best = finetuning.finetune(
        language_model(), Labelled(rows, 1 - labels), Labelled(rows, labels), sweep
    )
    assert best.step == 10


@pytest.mark.parametrize("evaluations", [0, 41])
def test_a_sweep_has_a_step_for_every_evaluation(evaluations):
    """Neither none nor more than steps; as many as steps are possible."""
    options = {"steps": 40, "learning_rates": (1e-2,), "batch": 16}
    message = f"between 1 and the number of steps: got {evaluations} for 40"
    with pytest.raises(ValueError, match=message):
        finetuning.Sweep(evaluations=evaluations, **options)
    assert finetuning.Sweep(evaluations=40, **options).steps == 40


def test_a_label_that_stands_in_the_word_is_read():
    """Which half of the vocabulary a word is from: above 99%, without pretraining."""
    data = task(lambda texts: (texts > 5)[:, 1:-1].flatten().long())
    _, test = finetuning.probe(
        OBJECTIVES["masked"], small_gpt(), data, finetuning.inner_words
    )
    assert test.accuracy > 0.99


def test_a_label_of_no_word_is_not_read():
    """Negative control: random labels are at chance, for the probe and after tuning."""
    rng = torch.Generator().manual_seed(1)
    data = task(lambda texts: torch.randint(2, (len(texts),), generator=rng), *WHOLE)
    accuracies = finetuning.probe_and_finetune(
        OBJECTIVES["masked"], small_gpt(), data, TrainingConfig(60, 3e-3, 5)
    )
    assert all(0.4 < accuracy < 0.6 for accuracy in accuracies.values())


def test_the_pooling_is_chosen_without_the_test_part():
    """A label of the last word is read from the last state, not the mean."""
    data = task(lambda texts: (texts[:, -1] > 5).long(), *WHOLE)
    accuracies = finetuning.probe_and_finetune(
        OBJECTIVES["next token"], small_gpt(), data, TrainingConfig(60, 3e-3, 5)
    )
    assert accuracies["probe"] > 0.99
    assert accuracies["tuned"] > 0.99


def test_tuning_teaches_what_no_state_tells():
    """Whether first and last word agree: a linear probe fails, fine-tuning does not."""
    data = task(lambda texts: (texts[:, 0] == texts[:, -1]).long(), *WHOLE)
    accuracies = finetuning.probe_and_finetune(
        OBJECTIVES["masked"], small_gpt(), data, TrainingConfig(400, 1e-2, 20)
    )
    assert accuracies["probe"] < 0.85 < accuracies["tuned"]
