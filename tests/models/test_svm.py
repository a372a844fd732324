"""Support vector machines: the dual's optimum, and scikit-learn's SVC.

SVC solves the same problem, also without a penalty on the bias (LinearSVC has one). It
stores the kernel in single precision, so its decision values have a relative error of
about 1e-6; the duality gap shows that ours are nearer the optimum.
"""

import math

import pytest
import torch
from sklearn.svm import SVC

from paradigms.data.bag_of_words import Bags
from paradigms.models.svm import (
    KernelSVM,
    LinearSVM,
    OneVsRestSVM,
    linear,
    polynomial,
    rbf,
)
from tests.models.parity import apart

CLOSE = 1e-5
KERNELS = {
    "linear": (linear, {}),
    "rbf": (rbf(0.02), {"gamma": 0.02}),
    "poly": (polynomial(3, 0.05, 1.0), {"degree": 3, "gamma": 0.05, "coef0": 1.0}),
}


def gap(model: KernelSVM, x: torch.Tensor, labels: torch.Tensor) -> float:
    """Duality gap, relative to the primal objective: 0 at the optimum only."""
    signs = 2.0 * labels - 1
    hinge = (1 - signs * model.decision(x)).relu().sum()
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
    """One-vs-rest with the RBF kernel, for two of the ten classes."""
    x, labels = digits.x, (digits.labels == digit).long()
    model = KernelSVM(rbf(0.5), cost=10.0).fit(x, labels, tolerance=1e-9)
    theirs = SVC(C=10.0, gamma=0.5, tol=1e-9).fit(x, labels)
    assert apart(model.decision(x), theirs.decision_function(x)) < CLOSE
    assert gap(model, x, labels) < 1e-8


def test_reviews_equal_the_reference(reviews):
    """The linear SVM on every seventh sentence, as counts of 2,000 words."""
    x, labels = reviews.train.rows.to_dense()[::7], reviews.labels[::7]
    model = LinearSVM(cost=0.1).fit(x, labels, tolerance=1e-9)
    theirs = SVC(kernel="linear", C=0.1, tol=1e-9).fit(x, labels)
    test = reviews.test.rows.to_dense()
    assert apart(model.weights[None], theirs.coef_) < CLOSE
    assert apart(model.decision(test), theirs.decision_function(test)) < CLOSE


def test_the_gap_notices_what_is_no_optimum(standardised):
    """Negative control: with a loose tolerance the duality gap is large."""
    loose = LinearSVM().fit(*standardised, tolerance=0.1)
    assert gap(loose, *standardised) > 1e-5


def test_linear_decisions_are_weights_and_bias(standardised):
    """The sum over support vectors equals the primal form w x + b."""
    model = LinearSVM().fit(*standardised)
    scores = standardised.x @ model.weights + model.bias
    assert torch.allclose(scores, model.decision(standardised.x), atol=1e-10)


def test_only_support_vectors_count(standardised):
    """Refitted without the rows beyond the margin it gives the same decisions."""
    x, labels = standardised
    model = KernelSVM(rbf(0.02)).fit(x, labels, tolerance=1e-9)
    beyond_margin = (2 * labels - 1) * model.decision(x) > 1 + 1e-6
    assert beyond_margin.sum() > 400
    refitted = KernelSVM(rbf(0.02)).fit(
        x[~beyond_margin], labels[~beyond_margin], tolerance=1e-9
    )
    assert torch.allclose(refitted.decision(x), model.decision(x), atol=1e-7)


def test_a_machine_has_no_probability():
    """An SVM has decision values, and neither P(Y | X) nor P(X)."""
    for kind in (LinearSVM, KernelSVM, OneVsRestSVM):
        assert hasattr(kind, "decision")
        for method in ("predict_proba", "log_joint", "sample"):
            assert not hasattr(kind, method)


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
    """The error names setting and value."""
    with pytest.raises(ValueError, match=message):
        make()


def test_a_kernel_that_overflows_is_refused():
    """Infinity minus infinity would be NaN, and the solver would never stop."""
    x = torch.tensor([[1e30], [-1e30]])
    with pytest.raises(ValueError, match=r"x is too large for the kernel: 1e\+30"):
        LinearSVM().fit(x, torch.tensor([0, 1]))


def test_stopping_too_early_is_said(standardised):
    """Ten steps are not enough, and zero steps are refused."""
    with pytest.raises(ValueError, match="steps, tolerance must be positive: 0"):
        LinearSVM().fit(*standardised, steps=0)
    with pytest.raises(ValueError, match="not converged after 10 steps"):
        LinearSVM().fit(*standardised, steps=10)


def test_one_against_the_rest_is_a_machine_for_each_class(digits):
    """Column k is the decision of an SVM that knows class k alone; bags serve too."""
    x, labels = (part[:200] for part in digits)
    scores = OneVsRestSVM(10, 0.1).fit(x, labels).decision(x)
    machine = LinearSVM(0.1).fit(x, (labels == 7).long())
    assert scores[:, 7].equal(machine.decision(x))
    assert (scores.argmax(dim=1) == labels).double().mean() > 0.95
    bags = Bags([[0, 0], [1], [2, 1, 1]], 3, torch.float64)
    counts, words = bags.rows.to_dense(), torch.arange(3)
    sparse = OneVsRestSVM(3).fit(bags, words).decision(bags)
    assert sparse.equal(OneVsRestSVM(3).fit(counts, words).decision(counts))
