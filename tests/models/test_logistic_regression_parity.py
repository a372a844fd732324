"""Logistic regression beside scikit-learn on real data, in double precision.

The reference runs Newton's method to convergence. Ours stops when no partial derivative
is above 1e-8; the error of a parameter is then at most about 1e-8 over the smallest
curvature, which for weights is the penalty: hence 1e-5.
"""

import pytest
import torch
from sklearn.linear_model import LogisticRegression as Reference

from paradigms.models.logistic_regression import LogisticRegression
from tests.models.parity import apart, sparse

CLOSE = 1e-5


def reference(rows: int, penalty: float, classes: int) -> Reference:
    """C for our penalty: its loss is a sum, with one weight vector for two classes."""
    c = (2 if classes == 2 else 1) / (rows * penalty)
    return Reference(C=c, tol=1e-10, max_iter=1000, solver="newton-cg")


@pytest.mark.parametrize("penalty", [1e-1, 1e-2])
@pytest.mark.parametrize("name", ["standardised", "digits"])
def test_dense_tables_equal_the_reference(name, penalty, request):
    """Weights and bias, as differences from the first class, and posteriors.

    Weights are unique only up to a vector added to those of all classes.
    """
    x, labels = request.getfixturevalue(name)
    classes = int(labels.max()) + 1
    ours = LogisticRegression(classes, penalty).fit(x, labels, 2000, 1e-8)
    theirs = reference(len(x), penalty, classes).fit(x, labels)
    parameters = torch.cat([ours.weights.T, ours.bias[:, None]], dim=1)  # (K, V + 1)
    expected = torch.cat([torch.tensor(theirs.coef_),
                       torch.tensor(theirs.intercept_)[:, None]], dim=1)  # fmt: skip
    if classes > 2:
        expected = (expected - expected[0])[1:]
    assert apart((parameters - parameters[0])[1:], expected.numpy()) < CLOSE
    assert apart(ours.predict_proba(x), theirs.predict_proba(x)) < CLOSE


def test_sparse_reviews_equal_the_reference(reviews):
    """2,000 words: weights, and decisions and posteriors of test sentences."""
    ours = LogisticRegression(penalty=1e-2)
    ours.fit(reviews.train, reviews.labels, 2000, 1e-8)
    theirs = reference(len(reviews.train), 1e-2, 2)
    theirs.fit(sparse(reviews.train), reviews.labels)
    weights = ours.weights[:, 1] - ours.weights[:, 0]
    test, logits = sparse(reviews.test), ours.logits(reviews.test)
    assert apart(weights[None], theirs.coef_) < CLOSE
    assert apart(logits[:, 1] - logits[:, 0], theirs.decision_function(test)) < CLOSE
    assert apart(ours.predict_proba(reviews.test), theirs.predict_proba(test)) < CLOSE


def test_two_columns_of_weights_are_opposite(standardised):
    """The two fitted weight vectors are w/2 and -w/2, so one vector would be enough."""
    model = LogisticRegression().fit(*standardised)
    assert model.weights.sum(dim=1).abs().max() < 1e-12


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("penalty", [1e-1, 1e-2])
def test_a_small_tolerance_is_reached(penalty, dtype, digits):
    """1e-10 in float32 and float64: by the loss alone a search stops near 1e-8."""
    model = LogisticRegression(10, penalty)
    model.fit(digits.x.to(dtype), digits.labels, tolerance=1e-10)
    assert model.weights.dtype == model.bias.dtype == dtype
    x, labels = digits.x.to(dtype).double(), digits.labels
    weights, bias = model.weights.double(), model.bias.double()
    error = (x @ weights + bias).softmax(dim=1)
    error[range(len(x)), labels] -= 1
    gradient = x.T @ error / len(x) + penalty * weights
    rounding = {torch.float32: 1e-6, torch.float64: 1.1e-10}  # of the parameters
    assert gradient.abs().max() < rounding[dtype]


def test_a_tolerance_below_rounding_is_refused(digits):
    """The error says what was reached, and what to change."""
    with pytest.raises(ValueError, match=r"is \de-1\d, where .* 1e-30; raise"):
        LogisticRegression(10, 0.1).fit(digits.x, digits.labels, tolerance=1e-30)
