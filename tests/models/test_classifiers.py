"""What holds of all classifiers: input they refuse, Bayes' rule, the linear form."""

import math

import pytest
import torch

from paradigms.bags import Bags
from paradigms.models.discriminant import LDA, QDA
from paradigms.models.generative import Generative
from paradigms.models.logistic_regression import LogisticRegression
from paradigms.models.naive_bayes import (
    BernoulliNaiveBayes,
    GaussianNaiveBayes,
    MultinomialNaiveBayes,
)
from paradigms.models.svm import KernelSVM, LinearSVM, rbf

COUNTING = [MultinomialNaiveBayes, BernoulliNaiveBayes]
REAL = [GaussianNaiveBayes, LDA, QDA]
MACHINES = [LinearSVM, lambda: KernelSVM(rbf(1.0))]
ALL = [*COUNTING, *REAL, LogisticRegression, *MACHINES]
GOOD = torch.rand(20, 3, generator=torch.Generator().manual_seed(0))
LABELS = torch.arange(20) % 2


def with_number(value: float) -> torch.Tensor:
    """The good table with one number replaced."""
    x = GOOD.clone()
    x[4, 1] = value
    return x


@pytest.mark.parametrize("make", ALL)
@pytest.mark.parametrize(
    ("x", "labels", "message"),
    [
        (
            with_number(math.nan),
            LABELS,
            r"x must be finite: nan in row, column \(4, 1\)",
        ),
        (
            with_number(math.inf),
            LABELS,
            r"x must be finite: inf in row, column \(4, 1\)",
        ),
        (GOOD[0], LABELS, r"x must be of shape \(N, V\), not empty: \(3,\)"),
        (GOOD[:0], LABELS[:0], r"x must be of shape \(N, V\), not empty: \(0, 3\)"),
        (GOOD[:, :0], LABELS, r"x must be of shape \(N, V\), not empty: \(20, 0\)"),
        (GOOD.long(), LABELS, "x must hold floating-point numbers: torch.int64"),
        (GOOD.tolist(), LABELS, "x must be a dense tensor: list"),
        (GOOD, LABELS * 0, r"labels must cover 0..1: found \[0\]"),
        (GOOD, LABELS + 1, r"labels must cover 0..1: found \[1, 2\]"),
        (GOOD, LABELS - 1, r"labels must cover 0..1: found \[-1, 0\]"),
        (GOOD, LABELS[:19], r"labels must be of shape \(20,\): \(19,\)"),
        (GOOD, LABELS[:, None], r"labels must be of shape \(20,\): \(20, 1\)"),
        (GOOD, LABELS.float(), "labels must be whole numbers .*: torch.float32"),
    ],
)
def test_what_cannot_be_fitted_is_refused_by_name(make, x, labels, message):
    """Not finite, empty, of another shape or kind; labels that miss a class."""
    with pytest.raises(ValueError, match=message):
        make().fit(x, labels)


def ask(model, x):
    """Whatever the model says of x."""
    return model.decision(x) if hasattr(model, "decision") else model.predict_proba(x)


@pytest.mark.parametrize("make", ALL)
@pytest.mark.parametrize(
    ("x", "message"),
    [
        (GOOD[:, :2], "x must have 3 columns of torch.float32.*: got 2"),
        (GOOD[:, :1], "x must have 3 columns of torch.float32.*: got 1"),
        (GOOD.double(), "x must have 3 columns of torch.float32.*of torch.float64"),
        (with_number(math.nan), "x must be finite: nan"),
    ],
)
def test_what_cannot_be_classified_is_refused_by_name(make, x, message):
    """Too few columns, one that would be broadcast, another type, NaN."""
    model = make().fit(GOOD, LABELS)
    assert ask(model, GOOD).isfinite().all()
    with pytest.raises(ValueError, match=message):
        ask(model, x)


@pytest.mark.parametrize("make", [*REAL, *MACHINES])
def test_bags_are_for_counting_models(make):
    """A Gaussian of sparse counts would be a silent detour through a dense table."""
    with pytest.raises(ValueError, match="x must be a dense tensor: Bags"):
        make().fit(Bags([[0], [1]], 2), torch.tensor([0, 1]))


@pytest.mark.parametrize("make", [*COUNTING, *REAL, LogisticRegression])
def test_one_class_is_no_classification(make):
    """A single class would always be right."""
    with pytest.raises(ValueError, match="classes must be at least 2: 1"):
        make(classes=1).fit(GOOD, LABELS * 0)


@pytest.mark.parametrize("kind", [*COUNTING, *REAL])
def test_posteriors_are_the_joint_over_the_evidence_and_sum_to_one(kind, digits):
    """P(Y | X) P(X) = P(X, Y), on real digits, ten classes and five pixels."""
    x = digits.x[:, [18, 19, 25, 26, 27]]
    model = kind(classes=10).fit(x, digits.labels)
    assert isinstance(model, Generative)
    posterior = model.predict_proba(x)
    assert (posterior.sum(dim=1) - 1).abs().max() < 1e-12
    joint = posterior * model.log_evidence(x).exp()[:, None]
    assert torch.allclose(joint, model.log_joint(x).exp(), rtol=1e-10, atol=0)


def gaussian_form(model, x):
    """Weights and bias of the log-odds, from means, shared variance and prior."""
    difference = model.mean[1] - model.mean[0]
    weights = difference / model.variance[0]
    middle = (model.mean[1] + model.mean[0]) / 2
    return x @ weights - middle @ weights + model.log_prior[1] - model.log_prior[0]


def lda_form(model, x):
    """The same with a full covariance, its inverse written out."""
    weights = model.covariance[0].inverse() @ (model.mean[1] - model.mean[0])
    middle = (model.mean[1] + model.mean[0]) / 2
    return x @ weights - middle @ weights + model.log_prior[1] - model.log_prior[0]


def multinomial_form(model, x):
    """A word's weight is the log of how much likelier it is in class 1."""
    weights = model.log_likelihood[:, 1] - model.log_likelihood[:, 0]
    return x @ weights + model.log_prior[1] - model.log_prior[0]


def bernoulli_form(model, x):
    """A word's weight is a difference of log-odds; absent words go into the bias."""
    weight = model.log_present - model.log_absent
    bias = model.log_absent.sum(dim=0) + model.log_prior
    seen = (x > 0).to(x.dtype)
    return seen @ (weight[:, 1] - weight[:, 0]) + bias[1] - bias[0]


@pytest.mark.parametrize(
    ("model", "form"),
    [
        (GaussianNaiveBayes(shared=True), gaussian_form),
        (LDA(), lda_form),
        (MultinomialNaiveBayes(), multinomial_form),
        (BernoulliNaiveBayes(), bernoulli_form),
    ],
)
def test_the_posterior_has_exactly_the_logistic_form(model, form, tumours):
    """P(Y = 1 | x) = sigmoid(w x + b), with w and b from the formula, no search.

    On the tumours' first ten measurements.
    """
    x = tumours.x[:, :10]
    model.fit(x, tumours.labels)
    posterior = model.predict_proba(x)[:, 1]
    assert (posterior - torch.sigmoid(form(model, x))).abs().max() < 1e-10


def curvature(model, x):
    """The second difference of the log-odds along random lines: 0 if linear."""
    step = torch.randn(x.shape, generator=torch.Generator().manual_seed(0)).double()
    odds = [model.log_joint(x + k * step) @ torch.tensor([-1.0, 1.0]).double()
            for k in (-1, 0, 1)]  # fmt: skip
    return float((odds[0] - 2 * odds[1] + odds[2]).abs().max())


def test_only_a_shared_variance_makes_the_log_odds_linear(standardised):
    """With a variance or a covariance for each class they are curved."""
    x = standardised.x[:, :10]
    for model in (GaussianNaiveBayes(shared=True), LDA()):
        assert curvature(model.fit(x, standardised.labels), x) < 1e-9
    for model in (GaussianNaiveBayes(), QDA()):
        assert curvature(model.fit(x, standardised.labels), x) > 1


def test_shared_variances_are_the_diagonal_of_the_shared_covariance(standardised):
    """Naive Bayes is LDA with the correlations left out."""
    bayes = GaussianNaiveBayes(shared=True).fit(*standardised)
    full = LDA().fit(*standardised)
    assert torch.allclose(bayes.mean, full.mean, atol=1e-12)
    diagonal = full.covariance[0].diagonal()
    assert torch.allclose(bayes.variance[0], diagonal, atol=1e-8)
    assert torch.equal(bayes.variance[0], bayes.variance[1])
    odds = [model.predict_proba(standardised.x) for model in (bayes, full)]
    assert (odds[0] - odds[1]).abs().max() > 0.5
