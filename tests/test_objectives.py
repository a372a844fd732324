"""Objectives: the stated rates on many draws, and round trips."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from paradigms.experiments import targets_per_pass
from paradigms.objectives import (
    IGNORE,
    Specials,
    cross_entropy,
    masked_token,
    next_token,
    restore_spans,
    span_corruption,
)

WORDS = 30_000  # a random word is then the same word once in 30,000 draws


def masked(size: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Text, inputs and targets of `size` tokens under masking."""
    dice = torch.Generator().manual_seed(seed)
    text = torch.randint(Specials().first_word, WORDS, (1, size), generator=dice)
    return text, *masked_token(text, WORDS, dice)


def shares(
    text: torch.Tensor, inputs: torch.Tensor, chosen: torch.Tensor
) -> list[float]:
    """Among the chosen tokens the shares of [MASK], another word, and the same word."""
    shown, was = inputs[chosen], text[chosen]
    hidden, same = shown == Specials().mask, shown == was
    return [float(part.double().mean()) for part in (hidden, ~hidden & ~same, same)]


def test_masking_is_80_10_10():
    """Over a million chosen tokens (15%): 80% masked, 10% random, 10% unchanged."""
    text, inputs, targets = masked(8_000_000)
    chosen = targets != IGNORE
    assert chosen.sum() > 1_000_000
    assert chosen.double().mean() == pytest.approx(0.15, abs=0.001)
    assert shares(text, inputs, chosen) == pytest.approx([0.8, 0.1, 0.1], abs=0.0015)
    assert torch.equal(targets[chosen], text[chosen])
    assert torch.equal(inputs[~chosen], text[~chosen])


def test_two_independent_draws_would_be_noticed():
    """The guard itself: the frequent mistake, 81/10/9, lies outside the tolerance."""
    dice = torch.Generator().manual_seed(0)
    same, other = torch.rand(2, 1_200_000, generator=dice) < 0.1
    found = [
        float(part.double().mean()) for part in (~same & ~other, ~same & other, same)
    ]
    assert found != pytest.approx([0.8, 0.1, 0.1], abs=0.0015)


def test_special_tokens_are_never_chosen():
    """Padding, BOS, EOS and [MASK] stay as they are and carry no loss."""
    dice = torch.Generator().manual_seed(0)
    text = torch.randint(0, 8, (100, 1000), generator=dice)
    inputs, targets = masked_token(text, 8, dice, rate=0.9)
    special = text < Specials().first_word
    assert torch.equal(inputs[special], text[special])
    assert (targets[special] == IGNORE).all()


def test_a_start_symbol_makes_the_first_word_a_target():
    """With BOS all n words are predicted; without it the first never is."""
    text = torch.tensor([[10, 11, 12, 13]])
    inputs, targets = next_token(text)
    assert inputs.tolist() == [[Specials().bos, 10, 11, 12]]
    assert targets.tolist() == [[10, 11, 12, 13]]
    assert text[:, 1:].numel() == targets.numel() - 1


def test_padding_is_no_target():
    """Positions of padding are left out of the loss."""
    _, targets = next_token(torch.tensor([[10, 11, 0, 0]]))
    assert targets.tolist() == [[10, 11, IGNORE, IGNORE]]


def test_targets_per_hundred_tokens():
    """Next token 100, masked token 15, span corruption 15, counted by running them."""
    rows = targets_per_pass.run(targets_per_pass.smaller())
    counted = {row["name"]: row["targets per 100 tokens"] for row in rows}
    assert counted["next token"] == 100
    assert counted["masked token"] == pytest.approx(15, abs=0.5)
    assert counted["span corruption"] == pytest.approx(15, abs=0.01)


@given(
    st.lists(st.integers(10, 500), min_size=2, max_size=200),
    st.integers(0, 10_000),
    st.floats(0.05, 0.6),
    st.floats(1, 6),
)
def test_span_corruption_round_trip(text, seed, rate, mean_span):
    """Source and target together give the text back, whatever the text and the rate."""
    sentinels = list(range(1000, 1200))
    dice = torch.Generator().manual_seed(seed)
    source, target = span_corruption(text, sentinels, dice, rate, mean_span)
    assert restore_spans(source, target, sentinels) == text
    assert (
        len(source) + len(target) == len(text) + 2 * sum(t >= 1000 for t in source) + 1
    )
    marks = [token for token in source if token >= 1000]
    assert marks == sentinels[: len(marks)]
    assert [t for t in target if t >= 1000] == sentinels[: len(marks) + 1]


def test_spans_have_the_stated_mean():
    """15% of 512 tokens in spans of three on average, over a thousand texts."""
    dice = torch.Generator().manual_seed(0)
    sentinels = list(range(1000, 1100))
    text = list(range(100, 612))
    hidden = spans = 0
    for _ in range(1000):
        _, target = span_corruption(text, sentinels, dice)
        spans += sum(token >= 1000 for token in target) - 1
        hidden += sum(token < 1000 for token in target)
    assert hidden / 1000 / 512 == pytest.approx(0.15, abs=0.002)
    assert hidden / spans == pytest.approx(3, abs=0.05)


@pytest.mark.parametrize("rate", [0, 1, -0.1, 1.5])
def test_a_rate_outside_its_range_is_refused(rate):
    """Nothing hidden, or everything, is no objective."""
    with pytest.raises(ValueError, match="rate must lie between 0 and 1"):
        masked_token(torch.tensor([[10]]), 20, torch.Generator(), rate)


def test_too_few_sentinels_are_refused():
    """One sentinel a span and one to close with."""
    with pytest.raises(ValueError, match="5 spans need 6, got 3"):
        span_corruption(list(range(100)), [900, 901, 902], torch.Generator())


def test_a_loss_without_targets_is_refused():
    """All targets ignored would be 0/0: an error instead of NaN."""
    with pytest.raises(ValueError, match="all -100"):
        cross_entropy(torch.randn(1, 3, 5), torch.full((1, 3), IGNORE))


def test_the_loss_is_the_mean_over_targets_alone():
    """Ignored positions change nothing, whatever their logits are."""
    logits = torch.randn(1, 4, 5)
    targets = torch.tensor([[2, IGNORE, 0, IGNORE]])
    log_p = logits.log_softmax(dim=-1)
    expected = -(log_p[0, 0, 2] + log_p[0, 2, 0]) / 2
    assert cross_entropy(logits, targets) == pytest.approx(float(expected), abs=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda g: span_corruption([5], [900, 901], g), "needs two tokens"),
        (lambda g: span_corruption([5, 6, 7], [900, 901], g, 0.5, 0), "mean_span of 1"),
        (lambda g: restore_spans([1], [2], [900]), "must start with a sentinel"),
        (lambda g: masked_token(torch.tensor([[5]]), 4, g), "beyond its specials: 4"),
    ],
)
def test_input_that_cannot_be_corrupted_is_refused(call, message):
    """One line that names the argument, instead of an error from inside torch."""
    with pytest.raises(ValueError, match=message):
        call(torch.Generator())
