"""Naive Bayes: a joint distribution that can be summed, inverted and sampled."""

from itertools import product

import pytest
import torch

from paradigms.bags import Bags
from paradigms.models.naive_bayes import MultinomialNaiveBayes

TEXTS = [[0, 0, 1], [0, 2], [1, 2, 2], [2, 2]]
LABELS = torch.tensor([1, 1, 0, 0])


def fitted() -> MultinomialNaiveBayes:
    """A model of four short texts over three words."""
    return MultinomialNaiveBayes().fit(Bags(TEXTS, 3), LABELS)


def test_parameters_are_smoothed_relative_frequencies():
    """By hand: positive texts hold words 0, 0, 1, 0, 2; one is added to each count."""
    model = fitted()
    assert torch.allclose(
        model.log_likelihood[:, 1].exp() * 8, torch.tensor([4.0, 2, 2])
    )
    assert torch.allclose(
        model.log_likelihood[:, 0].exp() * 8, torch.tensor([1.0, 2, 5])
    )
    assert torch.allclose(model.log_prior.exp(), torch.tensor([0.5, 0.5]))


def test_joint_over_all_texts_and_classes_sums_to_one():
    """All 81 texts of four words, both classes: P(X, Y) adds up to 1."""
    everything = Bags([list(text) for text in product(range(3), repeat=4)], 3)
    total = fitted().log_joint(everything).double().exp().sum()
    assert float(total) == pytest.approx(1, abs=1e-6)


def test_posterior_is_bayes_rule():
    """P(Y | X) = P(X | Y) P(Y) / sum over y, with the pieces multiplied one by one."""
    model = fitted()
    text = [0, 2, 1]
    pieces = [
        float(model.log_prior[y].exp())
        * float(model.log_likelihood[text, y].exp().prod())
        for y in (0, 1)
    ]
    expected = torch.tensor(pieces) / sum(pieces)
    assert torch.allclose(model.predict_proba(Bags([text], 3))[0], expected, atol=1e-6)


def test_samples_follow_the_fitted_word_distribution():
    """100,000 drawn words have the frequencies of P(word | Y), for both classes."""
    model = fitted()
    for label in (0, 1):
        drawn = model.sample(label, 100_000, torch.Generator().manual_seed(0))
        shares = torch.bincount(torch.tensor(drawn), minlength=3) / 100_000
        expected = model.log_likelihood[:, label].exp()
        assert torch.allclose(shares, expected, atol=0.006)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (torch.tensor([1, 1, 1, 1]), r"labels must cover 0..1: found \[1\]"),
        (torch.tensor([0, 1]), r"labels must be of shape \(4,\): \(2,\)"),
        (torch.tensor([0, 1, 2, 1]), r"found \[0, 1, 2\]"),
    ],
)
def test_fitting_needs_a_label_for_every_text(labels, message):
    """No label, a class without a text, or one too many: refused by name."""
    with pytest.raises(ValueError, match=message):
        MultinomialNaiveBayes().fit(Bags(TEXTS, 3), labels)


def test_smoothing_must_be_positive():
    """Without it an unseen word has probability zero and every log is infinite."""
    with pytest.raises(ValueError, match="smoothing must be positive"):
        MultinomialNaiveBayes(smoothing=0)


def test_a_class_that_does_not_exist_cannot_be_sampled():
    """-1 is not the last class."""
    with pytest.raises(ValueError, match=r"label must lie in 0\.\.1: -1"):
        fitted().sample(-1, 3, torch.Generator())
