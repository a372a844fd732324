"""Fine-tuning on few labels: pooling, and selection of checkpoint and rate."""

import pytest
import torch

from paradigms.models.gpt import GPTConfig
from paradigms.training import finetuning
from paradigms.training.two_rules import RULES, Words, mean_state

SHAPE = GPTConfig(vocabulary=20, positions=8, width=16, layers=1, heads=2)


def made(rule: str = "next token") -> Words:
    """A fresh network under one of the two rules."""
    torch.manual_seed(0)
    return Words(SHAPE, RULES[rule]).eval()


def texts(count: int) -> finetuning.Labelled:
    """Random rows of the words 5 to 8; the label is whether the first is 7 or 8."""
    rng = torch.Generator().manual_seed(count)
    rows = torch.randint(5, 9, (count, 6), generator=rng)
    return rows, (rows[:, 0] > 6).long()


@pytest.mark.parametrize("rule", RULES)
def test_the_mean_state_is_read_under_both_rules(rule):
    """Mean pooling without padding, with the same head."""
    network = finetuning.Read(made(rule), 16)
    rows = torch.tensor([[1, 5, 6, 0], [1, 7, 7, 8]])
    expected = network.label(mean_state(network.of.states(rows), rows))
    assert network(rows).equal(expected)


def test_answers_are_judged_by_error_then_by_loss():
    """A lower error wins; at equal errors the lower loss."""
    labels = torch.tensor([0, 0])
    mild = finetuning.error_and_loss(torch.tensor([[2.0, 0.0], [0.0, 1.0]]), labels)
    sure = finetuning.error_and_loss(torch.tensor([[2.0, 0.0], [0.0, 9.0]]), labels)
    right = finetuning.error_and_loss(torch.tensor([[2.0, 0.0], [1.0, 0.0]]), labels)
    assert mild[0] == sure[0] == 0.5
    assert right < mild < sure


def test_the_best_of_all_rates_and_moments_is_kept():
    """The rate that learns is selected; the initial network is not modified."""
    start, learn, choose = made(), texts(64), texts(40)
    before = start.body.word.weight.clone()
    plan = finetuning.Sweep(steps=30, rates=(1e-9, 1e-2), moments=3, batch=16)
    network, step = finetuning.finetune(start, 16, learn, choose, plan)
    assert step in (10, 20, 30)
    error, _ = finetuning.error_and_loss(network(choose[0]), choose[1])
    fresh = finetuning.finetune_at_rate(start, 16, learn, choose, plan, 1e-9)
    assert error < 0.2 < fresh[0][0]
    assert start.body.word.weight.equal(before)


def test_a_moment_before_the_end_can_be_the_best():
    """With training labels opposite to the validation labels the first is selected."""
    rows, labels = texts(64)
    plan = finetuning.Sweep(steps=40, rates=(1e-2,), moments=4, batch=16)
    _, step = finetuning.finetune(made(), 16, (rows, 1 - labels), (rows, labels), plan)
    assert step == 10
