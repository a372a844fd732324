"""Losses: which targets count, and what is refused."""

import math

import pytest
import torch

from paradigms.data.special_tokens import IGNORE
from paradigms.experiments import targets_per_pass
from paradigms.objectives import (
    binary_cross_entropy,
    cross_entropy,
    summed_cross_entropy,
    weighted_cross_entropy,
)


def test_targets_per_hundred_tokens():
    """Next token 100, masked token 15, span corruption 15, by running them."""
    rows = targets_per_pass.run(targets_per_pass.smaller()).rows
    counts = {row["name"]: row["targets per 100 tokens"] for row in rows}
    assert counts["next token"] == 100
    assert counts["masked token"] == pytest.approx(15, abs=0.5)
    assert counts["span corruption"] == pytest.approx(15, abs=0.01)


def test_the_loss_is_the_mean_over_targets_alone():
    """Logits at ignored positions do not affect the loss."""
    logits = torch.randn(1, 4, 5, generator=torch.Generator().manual_seed(0))
    targets = torch.tensor([[2, IGNORE, 0, IGNORE]])
    log_p = logits.log_softmax(dim=-1)
    expected = -(log_p[0, 0, 2] + log_p[0, 2, 0]) / 2
    assert cross_entropy(logits, targets) == pytest.approx(float(expected), abs=1e-6)


def test_sums_of_losses_and_counts_add_up():
    """Parts of a batch have the sum and count of the whole, weighted by row or not."""
    rng = torch.Generator().manual_seed(0)
    logits = torch.randn(6, 4, 5, generator=rng)
    targets = torch.randint(5, (6, 4), generator=rng)
    targets[1, 2:], targets[3] = IGNORE, IGNORE
    weights = torch.rand(6, generator=rng)
    log_p = logits.log_softmax(dim=-1)
    for w in (None, weights):
        total, count = summed_cross_entropy(logits, targets, w)
        expected = -sum(
            log_p[b, t, targets[b, t]] * (1 if w is None else w[b])
            for b, t in (targets != IGNORE).nonzero().tolist()
        )
        assert int(count) == 18
        assert torch.allclose(total, expected)
        parts = [
            summed_cross_entropy(
                logits[rows], targets[rows], w if w is None else w[rows]
            )
            for rows in (slice(2), slice(2, 6))
        ]
        assert torch.allclose(total, parts[0][0] + parts[1][0])
        assert int(count) == int(parts[0][1] + parts[1][1])
    valid = targets != IGNORE
    flat, _ = summed_cross_entropy(logits[valid], targets[valid])
    assert torch.allclose(flat, summed_cross_entropy(logits, targets)[0])


def test_the_binary_loss_is_the_mean_over_labelled_places():
    """By hand: -log sigmoid(x) for 1, -log sigmoid(-x) for 0, padding ignored."""
    logits = torch.tensor([[2.0, -1.0, 99.0]])
    targets = torch.tensor([[1, 0, IGNORE]])
    expected = (math.log1p(math.exp(-2)) + math.log1p(math.exp(-1))) / 2
    assert binary_cross_entropy(logits, targets) == pytest.approx(expected, abs=1e-6)


def test_the_weighted_loss_keeps_sequences_without_a_target():
    """By hand: two losses of log 5 with weight 3, and a second text without targets."""
    logits = torch.zeros(2, 3, 5, requires_grad=True)
    targets = torch.tensor([[2, IGNORE, 0], [IGNORE] * 3])
    loss = weighted_cross_entropy(logits, targets, torch.tensor([3.0, 7.0]))
    loss.backward()
    assert loss.item() == pytest.approx(3 * 2 * math.log(5) / 2, abs=1e-6)
    assert logits.grad is not None
    assert not logits.grad[1].any()


LOGITS, TARGETS, ONE = torch.zeros(1, 3, 5), torch.tensor([[1, 2, 3]]), torch.ones(1)
NOTHING = torch.full((1, 3), IGNORE)
NEVER = LOGITS.scatter(-1, TARGETS[..., None], -math.inf)  # targets have p = 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cross_entropy(LOGITS, NOTHING), "all -100"),
        (lambda: cross_entropy(LOGITS, TARGETS + 2), r"lie in 0\.\.4: found 5"),
        (lambda: cross_entropy(LOGITS, TARGETS - 2), r"lie in 0\.\.4: found -1"),
        (lambda: cross_entropy(LOGITS, TARGETS[:, :2]), r"got \(1, 2\) for \(1, 3, 5"),
        (lambda: cross_entropy(LOGITS[:0], TARGETS[:0]), "not empty"),
        (lambda: cross_entropy(LOGITS * math.nan, TARGETS), "highest: found nan"),
        (lambda: cross_entropy(LOGITS + math.inf, TARGETS), "highest: found inf"),
        (lambda: cross_entropy(LOGITS - math.inf, TARGETS), "highest: found -inf"),
        (lambda: cross_entropy(NEVER, TARGETS), "probability zero"),
        (lambda: weighted_cross_entropy(NEVER, TARGETS, ONE * 0), "probability zero"),
        (lambda: cross_entropy(LOGITS.long(), TARGETS), "numbers: got torch.int64"),
        (lambda: cross_entropy(LOGITS, TARGETS.double()), "int32: got torch.float64"),
        (lambda: binary_cross_entropy(LOGITS[..., 0], ONE[None].expand(1, 3)), "int64"),
        (lambda: binary_cross_entropy(LOGITS[..., 0] - math.inf, TARGETS // 3), "-inf"),
        (lambda: weighted_cross_entropy(LOGITS + math.inf, TARGETS, ONE), "found inf"),
        (lambda: binary_cross_entropy(LOGITS[..., 0], NOTHING), "all -100"),
        (lambda: binary_cross_entropy(LOGITS[..., 0], TARGETS), r"0\.\.1: found 2"),
        (lambda: binary_cross_entropy(LOGITS, TARGETS), "must fit the logits"),
        (lambda: weighted_cross_entropy(LOGITS, TARGETS, ONE[:0]), r"shape \(1,\)"),
        (lambda: weighted_cross_entropy(LOGITS, TARGETS, -ONE), "not negative"),
        (lambda: weighted_cross_entropy(LOGITS, TARGETS, ONE / 0), "must be finite"),
        (lambda: weighted_cross_entropy(LOGITS, TARGETS + 9, ONE), "found 10"),
    ],
)
def test_a_loss_without_meaning_is_refused(call, message):
    """0/0, unknown ids, shapes that would broadcast: an error, never NaN."""
    with pytest.raises(ValueError, match=message):
        call()


def test_targets_of_either_kind_of_whole_number_give_the_same_loss():
    """Targets may be int64 or int32, as the ids that the networks read."""
    logits, labels = LOGITS + torch.arange(5), TARGETS // 3
    expected = cross_entropy(logits, TARGETS)
    assert torch.equal(cross_entropy(logits, TARGETS.int()), expected)
    expected = binary_cross_entropy(logits[..., 1], labels)
    assert torch.equal(binary_cross_entropy(logits[..., 1], labels.int()), expected)
