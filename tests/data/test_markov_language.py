"""The Markov language: its tables against brute force and against samples."""

from itertools import product

import pytest
import torch

from paradigms.data.markov_language import FIRST, MarkovLanguage, masked_log_p
from paradigms.data.special_tokens import SPECIALS

LANGUAGE = MarkovLanguage(words=3, seed=1)


def test_all_texts_together_have_probability_one():
    """Summed over all texts of four words."""
    texts = LANGUAGE.fillings(4)
    assert len(texts) == 81
    assert float(LANGUAGE.log_p(texts).sum(1).exp().sum()) == pytest.approx(1)


def test_texts_are_drawn_as_often_as_they_are_probable():
    """40,000 samples: each frequency within five standard errors of its probability."""
    samples = LANGUAGE.sample(40_000, 3, torch.Generator().manual_seed(0)) - FIRST
    counts = (samples @ torch.tensor([9, 3, 1])).bincount(minlength=27)
    p = LANGUAGE.log_p(LANGUAGE.fillings(3)).sum(1).exp()
    error = (p * (1 - p) / 40_000).sqrt()
    assert bool(((counts / 40_000 - p).abs() < 5 * error).all())


@pytest.mark.parametrize(("start", "stop"), [(0, 2), (1, 3), (2, 3), (4, 6), (3, 5)])
def test_what_fits_a_gap_is_bayes_rule(start, stop):
    """P(filling | both sides) is the joint, normalised over all fillings."""
    texts = LANGUAGE.sample(5, 6, torch.Generator().manual_seed(1))
    posteriors = LANGUAGE.gap(texts, start, stop)
    for row, text in zip(posteriors, texts, strict=True):
        candidates = text.repeat(len(row), 1)
        candidates[:, start:stop] = LANGUAGE.fillings(stop - start)
        joint = LANGUAGE.log_p(candidates).sum(1).exp()
        assert row.tolist() == pytest.approx((joint / joint.sum()).tolist())


def test_a_gap_that_ignored_its_right_side_would_be_seen():
    """Negative control: without the right context the posterior differs."""
    texts = LANGUAGE.sample(5, 6, torch.Generator().manual_seed(1))
    left_only = LANGUAGE.gap(texts[:, :4], 3, 4)
    assert float((LANGUAGE.gap(texts, 3, 4) - left_only).abs().max()) > 0.05


def test_words_at_masks_are_summed_over_all_other_masks():
    """Every mask of a text of five: equal to the sum over all texts that fit."""
    text = LANGUAGE.sample(1, 5, torch.Generator().manual_seed(2))[0]
    texts = LANGUAGE.fillings(5)
    joint = LANGUAGE.log_p(texts).sum(1).exp()
    for mask in product((False, True), repeat=5):
        hidden = torch.tensor(mask)
        fits = ((texts == text) | hidden).all(dim=1)
        p = masked_log_p(LANGUAGE, text.masked_fill(hidden, SPECIALS.mask)[None])[0]
        for position in range(5):
            counts = torch.zeros(LANGUAGE.vocabulary, dtype=torch.float64)
            counts.index_add_(0, texts[fits, position], joint[fits])
            expected = (counts / counts.sum()).tolist()
            assert p[position].exp().tolist() == pytest.approx(expected)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: MarkovLanguage(words=1),
        lambda: MarkovLanguage(sharpness=-1),
        lambda: LANGUAGE.gap(LANGUAGE.fillings(2), 1, 1),
        lambda: LANGUAGE.gap(LANGUAGE.fillings(2), 1, 3),
    ],
)
def test_what_cannot_be_is_refused(wrong):
    """A vocabulary of one word, a negative sharpness, an empty or too long gap."""
    with pytest.raises(ValueError, match="must"):
        wrong()
