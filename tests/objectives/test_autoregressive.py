"""Next token, prefix LM, fill in the middle: targets, rates and round trips."""

from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from paradigms.data.special_tokens import IGNORE, SpecialTokens
from paradigms.masks import causal, prefix_lm
from paradigms.objectives import (
    Gap,
    draw_prefixes,
    fill_in_the_middle,
    move_middle,
    next_token,
    prefix,
    restore_middle,
)
from tests.objectives.rates import LIMIT, errors

GAP = Gap(prefix=901, suffix=902, middle=903)
EOS = SpecialTokens().eos


def seeded_rng(seed: int = 0) -> torch.Generator:
    """A seeded generator."""
    return torch.Generator().manual_seed(seed)


def test_a_start_symbol_makes_the_first_word_a_target():
    """With BOS all n words are predicted; without it the first never is.

    S28 holds: the targets are the inputs, one position earlier.
    """
    text = torch.tensor([[10, 11, 12, 13]])
    inputs, targets = next_token(text)
    assert inputs.tolist() == [[SpecialTokens().bos, 10, 11, 12]]
    assert targets.tolist() == [[10, 11, 12, 13]]
    assert text[:, 1:].numel() == targets.numel() - 1


def test_padding_is_no_target():
    """Padding positions are ignored by the loss."""
    _, targets = next_token(torch.tensor([[10, 11, 0, 0]]))
    assert targets.tolist() == [[10, 11, IGNORE, IGNORE]]


def test_a_prefix_is_read_and_not_predicted():
    """Targets begin after each row's prefix; with an empty prefix it is next token."""
    text = torch.tensor([[10, 11, 12, 13], [20, 21, 22, 0]])
    inputs, targets = prefix(text, torch.tensor([3, 1]))
    assert torch.equal(inputs, next_token(text)[0])
    assert targets.tolist() == [[IGNORE] * 3 + [13], [IGNORE, 21, 22, IGNORE]]
    for ours, plain in zip(
        prefix(text, torch.tensor([0, 0])), next_token(text), strict=True
    ):
        assert torch.equal(ours, plain)


@pytest.mark.parametrize("given_words", [0, 1, 2, 4])
def test_no_target_is_visible_where_it_is_predicted(given_words):
    """Under `prefix_lm(n + 1)`; the off-by-one `prefix_lm(n + 2)` leaks a target."""
    text = torch.arange(10, 16)[None]
    _, targets = prefix(text, torch.tensor([given_words]))
    positions = (targets[0] != IGNORE).nonzero()[:, 0].tolist()
    # Word j is at position j + 1 of the input, after BOS.
    visible = [prefix_lm(given_words + 1)(j, j + 1) for j in positions]
    assert not any(visible)
    off_by_one = [prefix_lm(given_words + 2)(j, j + 1) for j in positions]
    assert off_by_one == [True] + [False] * (len(positions) - 1)
    assert all(causal(j, k) == (k <= j) for j in positions for k in range(6))


def test_prefixes_are_drawn_uniformly():
    """A million rows of five words: each of the four lengths a quarter of the time."""
    text = torch.tensor([[5, 6, 7, 8, 9, 0]]).expand(1_000_000, -1)
    lengths = draw_prefixes(text, seeded_rng())
    assert (int(lengths.min()), int(lengths.max())) == (1, 4)
    assert max(errors(lengths == n, 0.25) for n in range(1, 5)) < LIMIT


@given(
    st.lists(st.integers(10, 500), min_size=1, max_size=60),
    st.integers(0, 10_000),
    st.sampled_from([0.0, 0.5, 1.0]),
    st.sampled_from([0.0, 0.5, 1.0]),
)
def test_fill_in_the_middle_round_trip(text, seed, rate, suffix_first):
    """The text is restored: transformed or not, in both orders, with empty parts."""
    tokens = fill_in_the_middle(text, GAP, seeded_rng(seed), rate, suffix_first)
    assert restore_middle(tokens, GAP) == text
    assert tokens[-1] == EOS
    assert len(tokens) == len(text) + (4 if tokens[0] == GAP.prefix else 1)
    if rate != 0.5:
        assert (tokens[0] == GAP.prefix) == bool(rate)


def test_a_middle_is_moved_from_any_place_of_each_row():
    """Every start and size, one for all rows or one for each, is restored."""
    rows = torch.arange(5, 10).repeat(6, 1)
    for size in range(6):
        starts = torch.arange(6).clamp(max=5 - size)[:, None]
        moved = move_middle(rows, starts, size, GAP)
        for row, start in zip(moved.tolist(), starts.flatten().tolist(), strict=True):
            middle = [*range(5 + start, 5 + start + size)]
            assert row[5 + 3 - size - 1 :] == [GAP.middle, *middle]
            assert restore_middle([*row, EOS], GAP) == [*range(5, 10)]
            assert move_middle(rows[:1], start, size, GAP)[0].tolist() == row


def test_both_orders_as_the_paper_writes_them():
    """For the same cuts: PSM starts with the prefix, SPM puts it before the middle."""
    text = list(range(10, 20))
    psm = fill_in_the_middle(text, GAP, seeded_rng(), rate=1, suffix_first=0)
    spm = fill_in_the_middle(text, GAP, seeded_rng(), rate=1, suffix_first=1)
    suffix, middle = psm.index(902), psm.index(903)
    assert spm == [901, *psm[suffix:middle], 903, *psm[1:suffix], *psm[middle + 1 :]]


WORDS = list(range(10, 19))
PLACES = len(WORDS) + 1


def cuts(moved: list[int]) -> tuple[int, int]:
    """Both cuts of a document; for SPM the tokens do not tell the first: 0."""
    suffix = moved.index(GAP.suffix)
    return suffix - 1, PLACES + suffix - moved.index(GAP.middle)


def uniform(spm: float) -> dict[tuple[int, int], float]:
    """Expected share of each pair of cuts if both are uniform, at SPM rate `spm`."""
    shares = {}
    for stop in range(PLACES):
        for start in range(stop + 1):
            count = (1 - spm) * (1 if start == stop else 2)
            if start == 0:
                count += spm * (2 * stop + 1)  # the other cut is anywhere before
            shares[start, stop] = count / PLACES**2
    return shares


def farthest(counts: Counter[tuple[int, int]], spm: float) -> float:
    """The largest deviation of a pair of cuts from uniform, in standard errors."""
    shares, draws = uniform(spm), counts.total()
    assert set(counts) <= set(shares)
    return max(
        errors(as_hits(counts[pair], draws), share) for pair, share in shares.items()
    )


def test_shares_of_moved_documents():
    """A million documents at rate 0.5: half are transformed, 30% of these as SPM.

    Their cuts are uniform: each pair of the ten positions occurs.
    """
    rng, counts = seeded_rng(), Counter[tuple[int, int]]()
    for _ in range(1_000_000):
        tokens = fill_in_the_middle(WORDS, GAP, rng, 0.5, 0.3)
        if tokens[0] == GAP.prefix:
            counts[cuts(tokens)] += 1
    assert errors(as_hits(counts.total(), 1_000_000), 0.5) < LIMIT
    assert farthest(counts, 0.3) < LIMIT
    # PSM with an empty prefix (19/100 of PSM) cannot be told from SPM.
    count = sum(counts[0, stop] for stop in range(PLACES))
    spm_like = as_hits(count, counts.total())
    assert errors(spm_like, 0.3 + 0.7 * 19 / 100) < LIMIT
    assert errors(spm_like, 0.31 + 0.69 * 19 / 100) > LIMIT


@pytest.mark.parametrize("reach", [2, 8])
def test_cuts_that_miss_some_places_would_be_noticed(reach):
    """Negative control: documents cut within their first two or eight words fail."""
    rng, counts = seeded_rng(), Counter[tuple[int, int]]()
    for _ in range(20_000):
        tokens = fill_in_the_middle(WORDS[:reach], GAP, rng, 1, 0)
        middle = tokens.index(GAP.middle)  # words beyond `reach` end the suffix
        counts[cuts(tokens[:middle] + WORDS[reach:] + tokens[middle:])] += 1
    assert farthest(counts, 0) > 2 * LIMIT


def as_hits(count: int, draws: int) -> torch.Tensor:
    """A count of hits as a boolean tensor of `draws` elements."""
    return torch.arange(draws) < count


TEXT = torch.tensor([[5, 6, 7]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: next_token(TEXT[:0]), "not empty"),
        (lambda: next_token(TEXT * 0), "row 0 is padding alone"),
        (lambda: next_token(-TEXT), "must not be negative: got -7 to -5"),
        (lambda: prefix(TEXT, torch.tensor([3])), r"target in every row: \[3\] of"),
        (lambda: prefix(TEXT, torch.tensor([-1])), r"target in every row: \[-1\]"),
        (lambda: prefix(TEXT, torch.tensor(1)), r"shape \(1,\)"),
        (lambda: prefix(TEXT, torch.tensor([1.0])), "whole numbers"),
        (lambda: draw_prefixes(TEXT[:, :1], seeded_rng()), r"two to split: \[1\]"),
        (
            lambda: fill_in_the_middle([], GAP, seeded_rng()),
            r"document must hold words.*\[\]",
        ),
        (
            lambda: fill_in_the_middle([5, 902], GAP, seeded_rng()),
            "none of .2, 901, 902, 9",
        ),
        (
            lambda: fill_in_the_middle([5], GAP, seeded_rng(), 1.1),
            "rate must lie between",
        ),
        (
            lambda: fill_in_the_middle([5], GAP, seeded_rng(), 1, -1),
            "suffix_first must lie",
        ),
        (
            lambda: fill_in_the_middle([5], Gap(2, 8, 9), seeded_rng()),
            "three ids beside EOS",
        ),
        (lambda: restore_middle([5, 6], GAP), r"must end with EOS 2: \[5, 6\]"),
        (lambda: restore_middle([901, 5, 903, 6, 902, 2], GAP), "in this order"),
        (lambda: restore_middle([5, 901, 902, 903, 2], GAP), "in this order"),
        (lambda: restore_middle([901, 902, 2], GAP), "in this order"),
    ],
)
def test_input_that_cannot_be_predicted_is_refused(call, message):
    """The error names the argument, its value, and what was expected."""
    with pytest.raises(ValueError, match=message):
        call()
