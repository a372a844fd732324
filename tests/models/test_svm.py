"""Support vector machines: the dual's optimum, and scikit-learn's SVC.

SVC is the same problem, its bias unpenalised too (LinearSVC penalises it). It keeps the
kernel in single precision, so its decision values are right to about 1e-6 of the
largest; that ours are nearer the optimum is seen in the gap between primal and dual.
"""

import math

import pytest
import torch
from sklearn.svm import SVC

from paradigms.models.svm import KernelSVM, LinearSVM, linear, polynomial, rbf
from tests.models.parity import apart

CLOSE = 1e-5
KERNELS = {
    "linear": (linear, {}),
    "rbf": (rbf(0.02), {"gamma": 0.02}),
    "poly": (polynomial(3, 0.05, 1.0), {"degree": 3, "gamma": 0.05, "coef0": 1.0}),
}


def gap(model: KernelSVM, x: torch.Tensor, labels: torch.Tensor) -> float:
    """Primal minus dual objective, relative to the primal: 0 at the optimum only."""
    side = 2.0 * labels - 1
    hinge = (1 - side * model.decision(x)).relu().sum()
    alpha, gram = model.coefficients, model.kernel(model.support, model.support)
    norm = alpha @ gram @ alpha
    primal = norm / 2 + model.cost * hinge
    return float((primal - (alpha.abs().sum() - norm / 2)) / primal)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("cost", [0.1, 1.0])
def test_decisions_equal_the_reference_on_tumours(standardised, kernel, cost):
    """Decision values, bias, and which rows are support vectors."""
    x, labels = standardised
    ours, options = KERNELS[kernel]
    model = KernelSVM(ours, cost).fit(x, labels, tolerance=1e-9)
    theirs = SVC(kernel=kernel, C=cost, tol=1e-9, **options).fit(x, labels)
    assert apart(model.decision(x), theirs.decision_function(x)) < CLOSE
    assert abs(model.bias - theirs.intercept_[0]) < CLOSE
    assert torch.equal(model.support.sort(dim=0).values,
                       x[sorted(theirs.support_)].sort(dim=0).values)  # fmt: skip
    assert gap(model, x, labels) < 1e-8


@pytest.mark.parametrize("digit", [1, 8])
def test_one_digit_against_the_rest_equals_the_reference(digits, digit):
    """Ten classes are ten machines; here two of them, with the RBF kernel."""
    x, labels = digits.x, (digits.labels == digit).long()
    model = KernelSVM(rbf(0.5), cost=10.0).fit(x, labels, tolerance=1e-9)
    theirs = SVC(C=10.0, gamma=0.5, tol=1e-9).fit(x, labels)
    assert apart(model.decision(x), theirs.decision_function(x)) < CLOSE
    assert gap(model, x, labels) < 1e-8


def test_reviews_equal_the_reference(reviews):
    """Every seventh sentence as 2,000 counts: the linear machine on text."""
    x, labels = reviews.train.rows.to_dense()[::7], reviews.labels[::7]
    model = LinearSVM(cost=0.1).fit(x, labels, tolerance=1e-9)
    theirs = SVC(kernel="linear", C=0.1, tol=1e-9).fit(x, labels)
    new = reviews.test.rows.to_dense()
    assert apart(model.weights[None], theirs.coef_) < CLOSE
    assert apart(model.decision(new), theirs.decision_function(new)) < CLOSE


def test_the_gap_notices_what_is_no_optimum(standardised):
    """The guard itself: a loosely solved machine has a gap that can be seen."""
    loose = LinearSVM().fit(*standardised, tolerance=0.1)
    assert gap(loose, *standardised) > 1e-5


def test_linear_decisions_are_weights_and_bias(standardised):
    """The sum over support vectors, and one weighted sum, are the same function."""
    model = LinearSVM().fit(*standardised)
    straight = standardised.x @ model.weights + model.bias
    assert torch.allclose(straight, model.decision(standardised.x), atol=1e-10)


def test_only_support_vectors_count(standardised):
    """Refitted without the rows that are beyond the margin: the same decisions."""
    x, labels = standardised
    model = KernelSVM(rbf(0.02)).fit(x, labels, tolerance=1e-9)
    far = (2 * labels - 1) * model.decision(x) > 1 + 1e-6
    assert far.sum() > 400
    again = KernelSVM(rbf(0.02)).fit(x[~far], labels[~far], tolerance=1e-9)
    assert torch.allclose(again.decision(x), model.decision(x), atol=1e-7)


def test_a_machine_has_no_probability():
    """It learns a sign: neither P(Y | X) nor P(X) can be asked of it."""
    for kind in (LinearSVM, KernelSVM):
        assert hasattr(kind, "decision")
        for absent in ("predict_proba", "log_joint", "sample"):
            assert not hasattr(kind, absent)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LinearSVM(cost=0), "cost must be positive: 0"),
        (lambda: LinearSVM(cost=float("nan")), "cost must be positive: nan"),
        (lambda: rbf(-1.0), "scale must be positive: -1"),
        (lambda: rbf(math.inf), "scale must be positive: inf"),
        (lambda: polynomial(2, math.inf), "offset finite: 2, inf"),
        (lambda: polynomial(0), "offset finite: 0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(make, message):
    """By name and value."""
    with pytest.raises(ValueError, match=message):
        make()


def test_a_kernel_that_overflows_is_refused():
    """Infinity minus infinity would be NaN, and the search would never end."""
    x = torch.tensor([[1e30], [-1e30]])
    with pytest.raises(ValueError, match=r"x is too large for the kernel: 1e\+30"):
        LinearSVM().fit(x, torch.tensor([0, 1]))


def test_stopping_too_early_is_said(standardised):
    """Ten pairs are not enough."""
    with pytest.raises(ValueError, match="steps, tolerance must be positive: 0"):
        LinearSVM().fit(*standardised, steps=0)
    with pytest.raises(ValueError, match="not converged after 10 steps"):
        LinearSVM().fit(*standardised, steps=10)
