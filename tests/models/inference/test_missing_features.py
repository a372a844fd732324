"""What mends a fitted model: sums over gaps, means in gaps, shares without labels."""

import pytest
import torch
from torch.distributions import MultivariateNormal

from paradigms.models.discriminant_analysis import LDA, QDA
from paradigms.models.inference.missing_features import (
    conditional_mean,
    marginal_log_joint,
)
from paradigms.models.inference.prior_shift import em_class_prior
from paradigms.models.naive_bayes import GaussianNaiveBayes


def some_rows(count: int = 60) -> tuple[torch.Tensor, torch.Tensor]:
    """Correlated rows (N, 4) of three classes."""
    dice = torch.Generator().manual_seed(0)
    x = torch.randn(count, 4, dtype=torch.float64, generator=dice)
    labels = torch.arange(count) % 3
    return x @ torch.rand(4, 4, dtype=torch.float64, generator=dice) + labels[
        :, None
    ], labels


@pytest.mark.parametrize("kind", [LDA, QDA, GaussianNaiveBayes])
def test_hidden_features_are_summed_out(kind):
    """Differences between classes are those of the normals of what is seen."""
    x, labels = some_rows()
    model = kind(3).fit(x, labels)
    whole = (
        model.variance.diag_embed()
        if isinstance(model, GaussianNaiveBayes)
        else model.covariance
    )
    dice = torch.Generator().manual_seed(1)
    seen = torch.rand(x.shape, generator=dice) < 0.5
    found = marginal_log_joint(model, whole, x, seen).log_softmax(dim=1)
    for row in (0, 7, 23):
        at = seen[row].nonzero()[:, 0]
        joint = torch.stack([
            MultivariateNormal(
                model.mean[k, at], whole[k % len(whole)][at][:, at]
            ).log_prob(x[row, at]) + model.log_prior[k]
            for k in range(3)
        ])  # fmt: skip
        assert torch.allclose(found[row], joint.log_softmax(0), atol=1e-9)
    everything = marginal_log_joint(model, whole, x, torch.ones_like(seen))
    whole_rows = model.predict_proba(x)
    assert torch.allclose(everything.softmax(1), whole_rows, atol=1e-9)
    assert (found.exp() - whole_rows).abs().max() > 0.05  # hiding does change answers


def test_hidden_features_are_filled_in_by_regression():
    """The mean of a normal given what is seen, as the inverse of its block says."""
    x, _ = some_rows()
    mean, spread = x.mean(0), x.T.cov()
    seen = torch.tensor([True, False, True, False]).expand(len(x), 4)
    filled = conditional_mean(mean, spread, x, seen)
    s, h = torch.tensor([0, 2]), torch.tensor([1, 3])
    slope = torch.linalg.solve(spread[s][:, s], spread[s][:, h])
    assert torch.equal(filled[:, s], x[:, s])
    assert torch.allclose(filled[:, h], mean[h] + (x[:, s] - mean[s]) @ slope)
    assert (filled[:, h] - mean[h]).abs().max() > 0.1  # not the means


def drawn(share: float, count: int = 20_000) -> tuple[torch.Tensor, torch.Tensor]:
    """Two normal classes a distance of two apart: logits under equal priors."""
    dice = torch.Generator().manual_seed(0)
    labels = (torch.rand(count, generator=dice) < share).long()
    x = torch.randn(count, dtype=torch.float64, generator=dice) + 2 * labels
    return torch.stack([torch.zeros_like(x), 2 * x - 2], dim=1), labels


@pytest.mark.parametrize("share", [0.05, 0.5, 0.8])
def test_the_prior_is_found_where_probabilities_are_right(share):
    """Within sampling error from true log-odds; not from log-odds five times that."""
    logits, labels = drawn(share)
    even = torch.tensor([0.5, 0.5], dtype=torch.float64).log()
    found = float(em_class_prior(logits, even)[1].exp())
    assert found == pytest.approx(float(labels.double().mean()), abs=0.012)
    # A grid over shares: no other makes the rows likelier.
    grid = torch.linspace(0.001, 0.999, 999, dtype=torch.float64)
    ratio = logits[:, 1].exp()
    likely = torch.stack([(1 - g + g * ratio).log().mean() for g in grid])
    assert found == pytest.approx(float(grid[likely.argmax()]), abs=0.002)
    if share < 0.5:
        sharp = float(em_class_prior(5 * logits, even)[1].exp())
        assert abs(sharp - share) > 0.03
