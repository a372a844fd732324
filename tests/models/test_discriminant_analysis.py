"""LDA and QDA: parity with scikit-learn, densities, samples, singular data."""

import pytest
import torch
from sklearn.discriminant_analysis import (
    LinearDiscriminantAnalysis,
    QuadraticDiscriminantAnalysis,
)

from paradigms.models.discriminant_analysis import LDA, QDA, ShrunkLDA
from tests.models.parity import apart

CLOSE = 1e-8  # closed forms, but with the inverse of an ill-conditioned matrix


@pytest.mark.parametrize("name", ["tumours", "standardised", "digits"])
def test_lda_equals_the_reference(name, request):
    """Means, covariance, differences of weights and bias, and posteriors.

    Weights are unique only up to a vector added to those of all classes.
    """
    x, labels = request.getfixturevalue(name)
    ours = LDA(classes=int(labels.max()) + 1).fit(x, labels)
    theirs = LinearDiscriminantAnalysis(store_covariance=True).fit(x, labels)
    weights, bias = ours.weights.T - ours.weights[:, 0], ours.bias - ours.bias[0]
    coef, intercept = theirs.coef_, theirs.intercept_
    if len(coef) == 1:  # two classes: the reference keeps one row, the difference
        weights, bias = weights[1:], bias[1:]
    else:
        coef, intercept = coef - coef[0], intercept - intercept[0]
    assert apart(ours.mean, theirs.means_) < CLOSE
    assert apart(ours.covariance[0], theirs.covariance_) < CLOSE
    assert apart(weights, coef) < CLOSE
    assert apart(bias, intercept) < CLOSE
    assert apart(ours.predict_proba(x), theirs.predict_proba(x)) < CLOSE


def test_qda_equals_the_reference_on_tumours(tumours):
    """Covariances, decision values and posteriors, on unscaled data."""
    x, labels = tumours
    ours = QDA().fit(x, labels)
    # tol=0: else the reference refuses variances below 1e-4 as singular.
    theirs = QuadraticDiscriminantAnalysis(tol=0, store_covariance=True).fit(x, labels)
    joint = ours.log_joint(x)
    for mine, other in zip(ours.covariance, theirs.covariance_, strict=True):
        assert apart(mine, other) < CLOSE
    assert apart(joint[:, 1] - joint[:, 0], theirs.decision_function(x)) < CLOSE
    assert apart(ours.predict_proba(x), theirs.predict_proba(x)) < CLOSE


def test_qda_equals_the_reference_on_digits(digits):
    """Ten classes, by the pixels of the fourth and fifth row that vary in all."""
    x, labels = digits.x[:, 25:33], digits.labels  # the first is pixel 26
    columns = [column for column in range(8) if all(
        x[labels == label, column].var() > 0 for label in range(10)
    )]  # fmt: skip
    x = x[:, columns]
    ours = QDA(classes=10).fit(x, labels)
    theirs = QuadraticDiscriminantAnalysis(tol=0).fit(x, labels)
    assert apart(ours.predict_proba(x), theirs.predict_proba(x)) < CLOSE


def test_the_joint_is_a_density():
    """P(X, Y) integrates to 1, over a fine grid of the plane and both classes."""
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(200, 2, generator=rng, dtype=torch.float64)
    labels = torch.arange(200) % 2
    axis = torch.arange(-8, 8, 0.05, dtype=torch.float64)
    for kind in (LDA, QDA):
        joint = (
            kind()
            .fit(x + labels[:, None], labels)
            .log_joint(torch.cartesian_prod(axis, axis))
        )
        assert float(joint.exp().sum()) * 0.05**2 == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("kind", [LDA, QDA])
def test_samples_have_the_fitted_mean_and_covariance(standardised, kind):
    """100,000 samples for each class: every entry within five standard errors."""
    model = kind().fit(standardised.x[:, :5], standardised.labels)
    for label in (0, 1):
        covariance = model.covariance[label % len(model.covariance)]
        samples = model.sample(label, 100_000, torch.Generator().manual_seed(0))
        variance = covariance.diagonal()
        error = (samples.mean(dim=0) - model.mean[label]).abs()
        assert bool((error < 5 * (variance / 100_000).sqrt()).all())
        spread = ((variance[:, None] * variance + covariance**2) / 100_000).sqrt()
        assert bool(((samples.T.cov() - covariance).abs() < 5 * spread).all())


def singular(problem: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Twenty rows in two classes, with one problem."""
    x = torch.randn(20, 3, generator=torch.Generator().manual_seed(0)).double()
    labels = torch.arange(20) % 2
    if problem == "constant":
        x[:, 1] = 7
    if problem == "sum":
        x[:, 2] = x[:, 0] + 2 * x[:, 1]
    if problem == "few":
        labels = (torch.arange(20) < 2).long()
    return x, labels


@pytest.mark.parametrize(
    ("kind", "problem", "message"),
    [
        (LDA, "constant", "singular covariance within the classes: column 1"),
        (LDA, "sum", "singular covariance within the classes: column 2"),
        (QDA, "constant", "singular covariance within class 0: column 1"),
        (QDA, "few", "singular covariance within class 1: column 1"),
    ],
)
def test_a_singular_covariance_is_refused(kind, problem, message):
    """A constant or collinear column, too few rows: class and column are named."""
    with pytest.raises(ValueError, match=message):
        kind().fit(*singular(problem))
    assert kind().fit(*singular("none")).mean.isfinite().all()


def test_a_shrunk_covariance_lies_between_the_data_and_a_ball():
    """Shrinkage 1e-9 gives LDA, 1 the nearest mean; it needs only six rows."""
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(60, 8, dtype=torch.float64, generator=rng)
    x = x @ torch.rand(8, 8, dtype=torch.float64, generator=rng)
    labels = torch.arange(60) % 2
    plain = LDA().fit(x, labels)
    little = ShrunkLDA(2, 1e-9).fit(x, labels)
    assert torch.allclose(little.log_joint(x), plain.log_joint(x), atol=1e-4)
    spherical = ShrunkLDA(2, 1.0).fit(x, labels)
    distances = torch.cdist(x, spherical.mean).square()  # (N, K)
    nearest = distances.argmin(dim=1)
    assert spherical.predict_proba(x).argmax(dim=1).equal(nearest)
    assert not plain.predict_proba(x).argmax(dim=1).equal(nearest)
    with pytest.raises(ValueError, match="singular"):
        LDA().fit(x[:6], labels[:6])
    ShrunkLDA(2, 0.1).fit(x[:6], labels[:6])
