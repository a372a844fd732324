"""Logistic regression: P(Y | X), found by optimisation."""

import pytest
import torch
from torch.nn.functional import cross_entropy, one_hot

from paradigms.data.bag_of_words import Bags
from paradigms.models.logistic_regression import LogisticRegression

RNG = torch.Generator().manual_seed(0)
TEXTS = Bags(torch.randint(0, 12, (200, 6), generator=RNG).tolist(), 12)
LABELS = torch.randint(0, 3, (200,), generator=RNG)


def fitted(penalty: float = 1e-2) -> LogisticRegression:
    """Three classes over twelve words, random labels."""
    return LogisticRegression(classes=3, penalty=penalty).fit(TEXTS, LABELS)


def test_gradient_is_expected_minus_observed():
    """At the solution the autograd gradient of the penalised loss vanishes."""
    model = fitted()
    model.weights.requires_grad_(), model.bias.requires_grad_()
    dense = TEXTS.rows.to_dense()
    loss = cross_entropy(dense @ model.weights + model.bias, LABELS)
    loss = loss + model.penalty / 2 * model.weights.square().sum()
    gradients = torch.autograd.grad(loss, [model.weights, model.bias])
    assert max(float(gradient.abs().max()) for gradient in gradients) < 1e-4


def test_loss_and_gradient_equal_those_of_autograd():
    """Anywhere, not only at the solution."""
    model = fitted()
    model.weights = torch.randn(12, 3, generator=RNG).requires_grad_()
    model.bias = torch.randn(3, generator=RNG).requires_grad_()
    loss = cross_entropy(TEXTS.rows.to_dense() @ model.weights + model.bias, LABELS)
    loss = loss + model.penalty / 2 * model.weights.square().sum()
    expected = torch.autograd.grad(loss, [model.weights, model.bias])
    with torch.no_grad():
        ours = model.loss_and_gradient(TEXTS, one_hot(LABELS, 3).float())
    assert torch.allclose(ours, loss.detach(), rtol=1e-6)
    for parameter, gradient in zip((model.weights, model.bias), expected, strict=True):
        assert torch.allclose(parameter.grad, gradient, atol=1e-6)


def test_the_solution_is_a_minimum():
    """Any random step away from it has a higher loss."""
    model = fitted()
    dense = TEXTS.rows.to_dense().double()

    def loss(weights: torch.Tensor) -> float:
        fit = cross_entropy(dense @ weights + model.bias.double(), LABELS)
        return float(fit + model.penalty / 2 * weights.square().sum())

    best = model.weights.double()
    for _ in range(20):
        step = 0.1 * torch.randn(best.shape, generator=RNG, dtype=torch.float64)
        assert loss(best + step) > loss(best)


def test_logits_are_one_real_number_per_class():
    """Logits lie in R^K and do not sum to 1; their softmax is P(Y | X).

    S21 wrong: the function inside the softmax does not map to labels.
    """
    model = fitted()
    logits = model.logits(TEXTS)
    assert logits.shape == (200, 3)
    assert not torch.allclose(logits.sum(dim=1), torch.ones(200))
    assert torch.allclose(model.predict_proba(TEXTS).sum(dim=1), torch.ones(200))


def test_a_larger_penalty_gives_smaller_weights():
    """The norm of the weights falls with the penalty."""
    assert fitted(1.0).weights.norm() < fitted(1e-3).weights.norm() / 5


@pytest.mark.parametrize("penalty", [0.1, 0.001])
def test_a_column_that_stands_twice_weighs_slightly_more(penalty):
    """Its two weights are equal, and have together half the penalty of one."""
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(200, 1, generator=rng, dtype=torch.float64)
    labels = (x[:, 0] + torch.randn(200, generator=rng) > 0).long()
    fits = [
        LogisticRegression(penalty=penalty).fit(rows, labels, tolerance=1e-9)
        for rows in (x, torch.cat([x, x], dim=1))
    ]
    once, twice = (fit.weights[:, 1] - fit.weights[:, 0] for fit in fits)
    assert torch.allclose(twice[0], twice[1])
    assert float(once) < float(twice.sum()) < 1.3 * float(once)


def test_a_negative_penalty_is_refused():
    """It would reward large weights without bound."""
    with pytest.raises(ValueError, match="penalty must not be negative: -1"):
        LogisticRegression(penalty=-1)


def test_stopping_too_early_is_said():
    """Two steps are not enough: an error, instead of weights that look fitted."""
    with pytest.raises(ValueError, match=r"not converged: .* raise steps \(2\)"):
        LogisticRegression(classes=3, penalty=1e-4).fit(TEXTS, LABELS, steps=2)


def test_a_fit_that_fails_leaves_the_model_as_it_was():
    """The parameters of the last successful fit remain, if there was one."""
    model = fitted()
    before = model.weights.clone(), model.bias.clone()
    with pytest.raises(ValueError, match="not converged"):
        model.fit(TEXTS, 2 - LABELS, steps=2)
    assert torch.equal(model.weights, before[0])
    assert torch.equal(model.bias, before[1])
    unfitted = LogisticRegression(classes=3)
    with pytest.raises(ValueError, match="not converged"):
        unfitted.fit(TEXTS, LABELS, steps=2)
    with pytest.raises(ValueError, match="must be fitted first"):
        unfitted.logits(TEXTS)
