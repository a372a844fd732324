"""Naive Bayes: the joint sums to 1, gives the posterior, and can be sampled."""

from itertools import product

import pytest
import torch

from paradigms.data.bag_of_words import Bags
from paradigms.models.naive_bayes import (
    BernoulliNaiveBayes,
    GaussianNaiveBayes,
    MultinomialNaiveBayes,
    NaiveBayes,
)

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
    """P(X, Y) sums to 1 over all 81 texts of four words and both classes."""
    all_texts = Bags([list(text) for text in product(range(3), repeat=4)], 3)
    total = fitted().log_joint(all_texts).double().exp().sum()
    assert float(total) == pytest.approx(1, abs=1e-6)


def test_posterior_is_bayes_rule():
    """P(Y | X) = P(X | Y) P(Y) / sum over y, computed from the parameters.

    S22 holds: this is Bayes' rule.
    """
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
    """100,000 sampled words have the frequencies P(word | Y), for both classes."""
    model = fitted()
    for label in (0, 1):
        samples = model.sample(label, 100_000, torch.Generator().manual_seed(0))
        shares = torch.bincount(torch.tensor(samples), minlength=3) / 100_000
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
    """A class without a text, too few labels, or an extra class is refused."""
    with pytest.raises(ValueError, match=message):
        MultinomialNaiveBayes().fit(Bags(TEXTS, 3), labels)


@pytest.mark.parametrize("kind", NaiveBayes.__subclasses__())
@pytest.mark.parametrize("smoothing", [0, -1.0, float("nan"), float("inf")])
def test_smoothing_must_be_positive(kind, smoothing):
    """Without it an unseen word has probability zero and every log is infinite."""
    with pytest.raises(ValueError, match=f"smoothing must be positive.*: {smoothing}"):
        kind(smoothing=smoothing)


def test_a_class_that_does_not_exist_cannot_be_sampled():
    """-1 is not the last class."""
    with pytest.raises(ValueError, match=r"label must lie in 0\.\.1: -1"):
        fitted().sample(-1, 3, torch.Generator())


def test_bernoulli_joint_over_all_texts_and_classes_sums_to_one():
    """P(X, Y) sums to 1 over all 8 subsets of three words and both classes."""
    model = BernoulliNaiveBayes().fit(Bags(TEXTS, 3, torch.float64), LABELS)
    all_texts = torch.tensor(list(product((0.0, 1.0), repeat=3)), dtype=torch.float64)
    assert float(model.log_joint(all_texts).exp().sum()) == pytest.approx(1, abs=1e-12)
    evidence = model.log_evidence(all_texts).exp().sum()
    assert float(evidence) == pytest.approx(1, abs=1e-12)


def test_gaussian_joint_is_a_density():
    """P(X, Y) integrates to 1, over a fine grid of the plane and both classes."""
    x = torch.randn(200, 2, generator=torch.Generator().manual_seed(0)).double()
    model = GaussianNaiveBayes().fit(x, torch.arange(200) % 2)
    axis = torch.arange(-8, 8, 0.05, dtype=torch.float64)
    joint = model.log_joint(torch.cartesian_prod(axis, axis))
    assert float(joint.exp().sum()) * 0.05**2 == pytest.approx(1, abs=1e-6)


def test_bernoulli_samples_follow_the_fitted_chances(reviews):
    """100,000 samples of the 20 most frequent words: within five standard errors."""
    x = reviews.train.rows.to_dense()[:, :20]
    model = BernoulliNaiveBayes().fit(x, reviews.labels)
    for label in (0, 1):
        samples = model.sample(label, 100_000, torch.Generator().manual_seed(0))
        assert set(samples.unique().tolist()) == {0, 1}
        probability = model.log_present[:, label].exp()
        error = (probability * (1 - probability) / 100_000).sqrt()
        assert bool(((samples.mean(dim=0) - probability).abs() < 5 * error).all())


def test_gaussian_samples_have_the_fitted_means_and_variances(standardised):
    """100,000 samples of 30 features: each within five standard errors."""
    model = GaussianNaiveBayes().fit(*standardised)
    for label in (0, 1):
        samples = model.sample(label, 100_000, torch.Generator().manual_seed(0))
        mean, variance = model.mean[label], model.variance[label]
        deviation = (samples.mean(dim=0) - mean).abs() / (variance / 100_000).sqrt()
        assert bool((deviation < 5).all())
        spread = variance * (2 / 100_000) ** 0.5
        assert bool(((samples.var(dim=0) - variance).abs() < 5 * spread).all())


def test_nothing_cannot_be_sampled():
    """Zero or negative numbers of words are refused."""
    for number in (0, -3):
        with pytest.raises(ValueError, match=f"at least 1 to draw: {number}"):
            fitted().sample(0, number, torch.Generator())


def test_rows_that_are_all_equal_have_no_density():
    """Zero variance in every feature: a density would be infinite."""
    x = torch.full((4, 2), 0.1)
    with pytest.raises(ValueError, match="x has no variance: its 4 rows are all equal"):
        GaussianNaiveBayes().fit(x, LABELS)


def test_variances_that_vanish_in_floats_are_refused():
    """Squares of 1e-200 are 0 in double precision, and a density would be infinite."""
    x = torch.tensor([[1e-200], [2e-200], [3e-200], [5e-200]], dtype=torch.float64)
    with pytest.raises(ValueError, match=r"variances that .*float64 .*: .* 5e-200"):
        GaussianNaiveBayes().fit(x, LABELS)


@pytest.mark.parametrize("kind", [MultinomialNaiveBayes, BernoulliNaiveBayes])
def test_smoothing_lost_in_rounding_is_refused(kind):
    """1e-50 is 0 in single precision: an unseen word would again have P = 0."""
    for x in (Bags(TEXTS, 3), Bags(TEXTS, 3).rows.to_dense()):
        with pytest.raises(ValueError, match="vanish beside the counts: 1e-50"):
            kind(smoothing=1e-50).fit(x, LABELS)


@pytest.mark.parametrize("kind", [MultinomialNaiveBayes, BernoulliNaiveBayes])
def test_negative_counts_are_refused(kind):
    """A log of a negative number is NaN."""
    with pytest.raises(ValueError, match="x must hold counts, none negative: -1"):
        kind().fit(torch.tensor([[1.0, 0], [-1, 2], [1, 1], [0, 1]]), LABELS)
