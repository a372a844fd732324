"""Span corruption and infilling: round trips, span lengths, spans of length 0."""

import math
from itertools import groupby

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from paradigms.data.special_tokens import SpecialTokens
from paradigms.objectives import restore_spans, span_corruption, text_infilling
from tests.objectives.rates import LIMIT, errors

MASK = SpecialTokens().mask


def seeded_rng(seed: int = 0) -> torch.Generator:
    """A seeded generator."""
    return torch.Generator().manual_seed(seed)


@given(
    st.lists(st.integers(10, 500), min_size=2, max_size=200),
    st.integers(0, 10_000),
    st.floats(0.05, 0.6),
    st.floats(1, 6),
)
def test_span_corruption_round_trip(text, seed, rate, mean_span):
    """Source and target together restore any text, at any rate."""
    sentinels = list(range(1000, 1200))
    source, target = span_corruption(text, sentinels, seeded_rng(seed), rate, mean_span)
    assert restore_spans(source, target, sentinels) == text
    assert (
        len(source) + len(target) == len(text) + 2 * sum(t >= 1000 for t in source) + 1
    )
    marks = [token for token in source if token >= 1000]
    assert marks == sentinels[: len(marks)]
    assert [t for t in target if t >= 1000] == sentinels[: len(marks) + 1]


def test_spans_have_the_stated_mean():
    """15% of 512 tokens in spans of three on average, over a thousand texts."""
    rng = seeded_rng()
    sentinels = list(range(1000, 1100))
    text = list(range(100, 612))
    hidden = spans = 0
    for _ in range(1000):
        _, target = span_corruption(text, sentinels, rng)
        spans += sum(token >= 1000 for token in target) - 1
        hidden += sum(token < 1000 for token in target)
    # 77 tokens and 26 spans in each: 76.8 and 25.7 rounded.
    assert (hidden, spans) == (77_000, 26_000)


def test_lengths_of_corrupted_spans():
    """A million spans of one text: mean 3, and all compositions equally likely.

    So a third have length 1, and two thirds of the rest are longer than 2.
    """
    size = 6_000_000
    text = [10] * size
    sentinels = list(range(1000, 1_001_002))
    _, target = span_corruption(text, sentinels, seeded_rng(), rate=0.5)
    marks = (torch.tensor(target) >= 1000).nonzero()[:, 0]  # where each span starts
    lengths = marks.diff() - 1
    assert len(lengths) == 1_000_000
    assert lengths.sum() == 3_000_000
    assert errors(lengths == 1, 1 / 3) < LIMIT
    assert errors(lengths > 2, (2 / 3) ** 2) < LIMIT


def infilled(texts: int) -> tuple[torch.Tensor, torch.Tensor]:
    """For texts of a million tokens: masked tokens and masks in each run of masks."""
    text, rng = list(range(10, 1_000_010)), seeded_rng()
    hidden, masks = [], []
    for _ in range(texts):
        source, target = text_infilling(text, rng)
        assert target == text
        tokens = torch.tensor([9, *source, 1_000_010])
        visible = (tokens != MASK).nonzero()[:, 0]  # positions of visible tokens
        gaps = visible.diff() > 1
        hidden.append((tokens[visible].diff() - 1)[gaps])
        masks.append((visible.diff() - 1)[gaps])
        assert (tokens[visible].diff()[~gaps] == 1).all()  # none dropped unmasked
    return torch.cat(hidden), torch.cat(masks)


def test_infilling_hides_30_percent_in_poisson_spans():
    """A million spans: mean 3, lengths Poisson distributed, e^-3 of them empty."""
    hidden, masks = infilled(texts=10)
    spans = int(masks.sum())
    assert hidden.sum() == 3_000_000
    assert abs(int(hidden.sum()) / spans - 3) < LIMIT * math.sqrt(3 / spans)
    single = hidden[masks == 1]  # two adjacent masks show only the sum
    assert len(single) > 700_000
    for length in range(8):
        share = math.exp(-3) * 3**length / math.factorial(length)
        assert errors(single == length, share) < LIMIT
    pair = hidden[masks == 2]
    assert errors(pair == 0, math.exp(-6)) < LIMIT


def test_lengths_without_zeros_would_be_noticed():
    """Negative control: Poisson lengths clamped at 1 fail."""
    lengths = torch.poisson(torch.full((700_000,), 3.0), generator=seeded_rng()).clamp(
        min=1
    )
    assert errors(lengths == 0, math.exp(-3)) > LIMIT
    assert errors(lengths == 1, 3 * math.exp(-3)) > LIMIT


@given(
    st.lists(st.integers(10, 500), min_size=2, max_size=100),
    st.integers(0, 10_000),
    st.floats(0.05, 0.9),
    st.floats(1, 6),
)
def test_what_infilling_shows_stands_in_the_text(text, seed, rate, mean_span):
    """The rate is exact, and the visible pieces occur in the text in order."""
    source, target = text_infilling(text, seeded_rng(seed), rate, mean_span)
    assert target == text
    hidden = min(max(round(len(text) * rate), 1), len(text) - 1)
    visible = [token for token in source if token != MASK]
    assert len(visible) == len(text) - hidden
    assert MASK in source
    start = 0
    for is_mask, run in groupby(source, key=lambda token: token == MASK):
        piece = list(run)
        if not is_mask:
            starts = range(start, len(text) - len(piece) + 1)
            start = next(i for i in starts if text[i : i + len(piece)] == piece)
            start += len(piece)


def test_too_few_sentinels_are_refused():
    """Each span needs a sentinel, and the target a closing one: six are enough."""
    tokens = list(range(100, 200))
    span_corruption(tokens, list(range(900, 906)), seeded_rng())
    with pytest.raises(ValueError, match="5 spans need 6, got 5"):
        span_corruption(tokens, list(range(900, 905)), seeded_rng())
    with pytest.raises(ValueError, match="5 spans need 6, got 3"):
        span_corruption(tokens, [900, 901, 902], seeded_rng())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: span_corruption([5], [900, 901], seeded_rng()), "needs two tokens"),
        (
            lambda: span_corruption([5, 6], [900, 901], seeded_rng(), 0.5, 0),
            "mean_span of 1",
        ),
        (
            lambda: span_corruption([5, 6], [900, 901], seeded_rng(), 1.0),
            "between 0 and 1",
        ),
        (
            lambda: span_corruption([5, 900], [900, 901], seeded_rng()),
            "sentinels must diff",
        ),
        (
            lambda: span_corruption([5, 6], [900, 900], seeded_rng()),
            "sentinels must differ",
        ),
        (lambda: restore_spans([1], [2], [900]), "must start with a sentinel"),
        (lambda: text_infilling([5], seeded_rng()), "needs two tokens"),
        (lambda: text_infilling([5, 6], seeded_rng(), mean_span=0.5), "got 2 and 0.5"),
        (lambda: text_infilling([5, 6], seeded_rng(), rate=0), "between 0 and 1: 0"),
        (
            lambda: text_infilling([5, 3], seeded_rng()),
            "ids from 4: got 3; put special",
        ),
        (lambda: text_infilling([-1, 5], seeded_rng()), "ids from 4: got -1"),
        (
            lambda: span_corruption([5, 2], [900, 901], seeded_rng()),
            "ids from 4: got 2",
        ),
        (
            lambda: text_infilling([5, 6], seeded_rng(), mean_span=math.inf),
            "got 2 and inf",
        ),
    ],
)
def test_input_that_cannot_be_corrupted_is_refused(call, message):
    """The error names the argument, instead of an error from inside torch."""
    with pytest.raises(ValueError, match=message):
        call()
