"""All classifiers: input validation, Bayes' rule, the linear form."""

import math
import re
from copy import copy

import pytest
import torch

from paradigms.data.bag_of_words import Bags
from paradigms.models.discriminant_analysis import LDA, QDA
from paradigms.models.generative_classifier import Generative
from paradigms.models.logistic_regression import LogisticRegression
from paradigms.models.naive_bayes import (
    BernoulliNaiveBayes,
    GaussianNaiveBayes,
    MultinomialNaiveBayes,
)
from paradigms.models.svm import KernelSVM, LinearSVM, polynomial, rbf

COUNTING = [MultinomialNaiveBayes, BernoulliNaiveBayes]
REAL = [GaussianNaiveBayes, LDA, QDA]
MACHINES = [LinearSVM, lambda: KernelSVM(rbf(1.0))]
ALL = [*COUNTING, *REAL, LogisticRegression, *MACHINES]
GOOD = torch.rand(20, 3, generator=torch.Generator().manual_seed(0))
LABELS = torch.arange(20) % 2


def with_number(value: float) -> torch.Tensor:
    """GOOD with one number replaced."""
    x = GOOD.clone()
    x[4, 1] = value
    return x


@pytest.mark.parametrize("make", ALL)
@pytest.mark.parametrize(
    ("x", "labels", "message"),
    [
        (with_number(math.nan), LABELS, r"x must hold finite numbers: nan at \(4, 1\)"),
        (with_number(math.inf), LABELS, r"x must hold finite numbers: inf at \(4, 1\)"),
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
        (GOOD, LABELS.tolist(), "labels must be whole numbers .*: list"),
    ],
)
def test_what_cannot_be_fitted_is_refused_by_name(make, x, labels, message):
    """Not finite, empty, of another shape or dtype; labels that miss a class."""
    with pytest.raises(ValueError, match=message):
        make().fit(x, labels)


def ask(model, x):
    """Decision values if the model has them, else probabilities."""
    return model.decision(x) if hasattr(model, "decision") else model.predict_proba(x)


@pytest.mark.parametrize("make", ALL)
@pytest.mark.parametrize(
    ("x", "message"),
    [
        (GOOD[:, :2], "x must have 3 columns of torch.float32.*: got 2"),
        (GOOD[:, :1], "x must have 3 columns of torch.float32.*: got 1"),
        (GOOD.double(), "x must have 3 columns of torch.float32.*of torch.float64"),
        (GOOD[0], r"x must be of shape \(N, V\), not empty: \(3,\)"),
        (GOOD[None], r"x must be of shape \(N, V\), not empty: \(1, 20, 3\)"),
        (GOOD.tolist(), "x must be a dense tensor: list"),
        (with_number(math.nan), r"x must hold finite numbers: nan at \(4, 1\)"),
    ],
)
def test_what_cannot_be_classified_is_refused_by_name(make, x, message):
    """Too few columns, another dtype, a vector, three axes, a list, NaN."""
    model = make().fit(GOOD, LABELS)
    assert ask(model, GOOD).isfinite().all()
    with pytest.raises(ValueError, match=message):
        ask(model, x)


@pytest.mark.parametrize("make", ALL)
def test_a_model_without_parameters_answers_nothing(make):
    """Prediction before fitting is an error."""
    with pytest.raises(ValueError, match="must be fitted first: call fit"):
        ask(make(), GOOD)


@pytest.mark.parametrize("make", ALL)
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_parameter_that_is_not_finite_is_named(make, value):
    """The last number of each parameter in turn: infinity would give a wrong class."""
    fitted = make().fit(GOOD, LABELS)
    tensors = {n: v for n, v in vars(fitted).items() if isinstance(v, torch.Tensor)}
    scalars = ["bias"] if isinstance(fitted, KernelSVM) else []
    assert len(tensors) >= 2
    for name in [*tensors, *scalars]:
        model, place = copy(fitted), ""
        setattr(model, name, value)
        if name in tensors:
            setattr(model, name, tensors[name].clone())
            last = tuple(size - 1 for size in tensors[name].shape)
            getattr(model, name)[last] = value
            place = f" at {last}"
        message = re.escape(f"{name} must hold finite numbers: {value}{place}")
        with pytest.raises(ValueError, match=message):
            ask(model, GOOD)
        if isinstance(model, Generative):
            with pytest.raises(ValueError, match=message):
                model.sample(1, 2, torch.Generator())


@pytest.mark.parametrize(
    ("make", "fitting", "asking"),
    [
        (GaussianNaiveBayes, "variances that .* reach 1e.300", "for its density"),
        (lambda: GaussianNaiveBayes(shared=True), "variances that", "for its density"),
        (LDA, "too large for a covariance: 1e.300", "for its density: 1e.300"),
        (QDA, "too large for a covariance: 1e.300", "for its density: 1e.300"),
        (LinearSVM, "too large for the kernel: 1e.300", None),
        (lambda: KernelSVM(polynomial(2)), "for the kernel", "for the kernel: 1e.300"),
        (LogisticRegression, "not converged", None),
    ],
)
def test_numbers_whose_squares_overflow_are_refused(make, fitting, asking):
    """1e300: in fitting, and in prediction unless the result is finite."""
    x = GOOD.double()
    huge = x / x.max() * 1e300
    with pytest.raises(ValueError, match=fitting):
        make().fit(huge, LABELS)
    model = make().fit(x, LABELS)
    if asking is None:
        assert ask(model, huge).isfinite().all()
        return
    with pytest.raises(ValueError, match=f"x is too large {asking}"):
        ask(model, huge)


def test_logits_that_overflow_are_refused():
    """Infinity minus infinity would be NaN; for bags and for dense tables."""
    model = LogisticRegression().fit(GOOD, LABELS)
    model.weights = model.weights.sign() * 3e38
    for x in (GOOD * 100, Bags([[0] * 100], 3)):
        with pytest.raises(ValueError, match=r"x is too large for its logits: 1e\+02"):
            model.predict_proba(x)


class Twins(Generative):
    """A classifier whose log joint is its input."""

    def log_joint(self, x):
        return x


def test_a_row_that_no_class_can_have_made_has_no_posterior():
    """P(X) = 0 for all classes: the row is named. One possible class is enough."""
    joint = torch.tensor([[0.0, -math.inf], [-math.inf, -1], [-math.inf] * 2])
    assert Twins().predict_proba(joint[:2]).tolist() == [[1, 0], [0, 1]]
    assert Twins().log_evidence(joint).tolist() == [0, -1, -math.inf]
    with pytest.raises(ValueError, match=r"x must be .*: log P\(X\) is -inf in row 2"):
        Twins().predict_proba(joint)
    counts = torch.tensor([[1.0, 0, 1], [3e38, 0, 3e38]])
    with pytest.raises(ValueError, match=r"x must be .*: log P\(X\) is -inf in row 1"):
        MultinomialNaiveBayes().fit(GOOD, LABELS).predict_proba(counts)


@pytest.mark.parametrize("make", [*REAL, *MACHINES])
def test_bags_are_for_counting_models(make):
    """Gaussians and SVMs would silently turn sparse counts into a dense table."""
    with pytest.raises(ValueError, match="x must be a dense tensor: Bags"):
        make().fit(Bags([[0], [1]], 2), torch.tensor([0, 1]))


@pytest.mark.parametrize("make", [*COUNTING, *REAL, LogisticRegression])
def test_one_class_is_no_classification(make):
    """With a single class there is nothing to predict."""
    with pytest.raises(ValueError, match="classes must be at least 2: 1"):
        make(classes=1).fit(GOOD, LABELS * 0)


@pytest.mark.parametrize("kind", [*COUNTING, *REAL])
def test_posteriors_are_the_joint_over_the_evidence_and_sum_to_one(kind, digits):
    """P(Y | X) P(X) = P(X, Y), on ten classes of digits and five pixels."""
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
    midpoint = (model.mean[1] + model.mean[0]) / 2
    return x @ weights - midpoint @ weights + model.log_prior[1] - model.log_prior[0]


def lda_form(model, x):
    """The same with a full covariance and its explicit inverse."""
    weights = model.covariance[0].inverse() @ (model.mean[1] - model.mean[0])
    midpoint = (model.mean[1] + model.mean[0]) / 2
    return x @ weights - midpoint @ weights + model.log_prior[1] - model.log_prior[0]


def multinomial_form(model, x):
    """A word's weight is its log-likelihood ratio between the classes."""
    weights = model.log_likelihood[:, 1] - model.log_likelihood[:, 0]
    return x @ weights + model.log_prior[1] - model.log_prior[0]


def bernoulli_form(model, x):
    """A word's weight is a difference of log-odds; absent words go into the bias."""
    weight = model.log_present - model.log_absent
    bias = model.log_absent.sum(dim=0) + model.log_prior
    presence = (x > 0).to(x.dtype)
    return presence @ (weight[:, 1] - weight[:, 0]) + bias[1] - bias[0]


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
    """P(Y = 1 | x) = sigmoid(w x + b), with w and b in closed form.

    On the tumours' first ten measurements.
    """
    x = tumours.x[:, :10]
    model.fit(x, tumours.labels)
    posterior = model.predict_proba(x)[:, 1]
    assert (posterior - torch.sigmoid(form(model, x))).abs().max() < 1e-10


def curvature(model, x):
    """The second difference of the log-odds along random directions: 0 if linear."""
    step = torch.randn(x.shape, generator=torch.Generator().manual_seed(0)).double()
    log_odds = [model.log_joint(x + k * step) @ torch.tensor([-1.0, 1.0]).double()
            for k in (-1, 0, 1)]  # fmt: skip
    return float((log_odds[0] - 2 * log_odds[1] + log_odds[2]).abs().max())


def test_only_a_shared_variance_makes_the_log_odds_linear(standardised):
    """With a variance or covariance for each class they are quadratic."""
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
    posteriors = [model.predict_proba(standardised.x) for model in (bayes, full)]
    assert (posteriors[0] - posteriors[1]).abs().max() > 0.5


@pytest.mark.parametrize("make", [*COUNTING, *REAL, LinearSVM])
def test_a_fit_that_fails_leaves_the_model_as_it_was(make):
    """A failed fit never leaves a mixture of old and new parameters."""
    good, bad, changes = GOOD.double(), GOOD.double() * 1e200, {}
    if make in COUNTING:  # counts cannot overflow, but tiny smoothing vanishes
        good, bad, changes = GOOD, GOOD * 0, {"smoothing": 1e-50}
    model, fresh = make().fit(good, LABELS), make()
    outputs = ask(model, good)
    for candidate in (model, fresh):
        vars(candidate).update(changes)
        with pytest.raises(ValueError, match=r"too large|can hold|vanish"):
            candidate.fit(bad, LABELS)
    assert torch.equal(ask(model, good), outputs)
    with pytest.raises(ValueError, match="must be fitted first"):
        ask(fresh, good)
