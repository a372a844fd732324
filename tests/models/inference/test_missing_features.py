"""Fitted models with missing features or shifted priors: sums, imputation, EM."""

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
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(count, 4, dtype=torch.float64, generator=rng)
    labels = torch.arange(count) % 3
    return x @ torch.rand(4, 4, dtype=torch.float64, generator=rng) + labels[
        :, None
    ], labels


@pytest.mark.parametrize("kind", [LDA, QDA, GaussianNaiveBayes])
def test_hidden_features_are_summed_out(kind):
    """Log-odds equal those of the normal marginals of the observed features."""
    x, labels = some_rows()
    model = kind(3).fit(x, labels)
    covariance = (
        model.variance.diag_embed()
        if isinstance(model, GaussianNaiveBayes)
        else model.covariance
    )
    rng = torch.Generator().manual_seed(1)
    observed = torch.rand(x.shape, generator=rng) < 0.5
    log_posterior = marginal_log_joint(model, covariance, x, observed).log_softmax(
        dim=1
    )
    for row in (0, 7, 23):
        columns = observed[row].nonzero()[:, 0]
        joint = torch.stack(
            [
                MultivariateNormal(
                    model.mean[k, columns],
                    covariance[k % len(covariance)][columns][:, columns],
                ).log_prob(x[row, columns])
                + model.log_prior[k]
                for k in range(3)
            ]
        )
        assert torch.allclose(log_posterior[row], joint.log_softmax(0), atol=1e-9)
    complete = marginal_log_joint(model, covariance, x, torch.ones_like(observed))
    posterior = model.predict_proba(x)
    assert torch.allclose(complete.softmax(1), posterior, atol=1e-9)
    assert (log_posterior.exp() - posterior).abs().max() > 0.05  # gaps matter


def test_hidden_features_are_filled_in_by_regression():
    """The conditional mean of a normal, by the inverse of the observed block."""
    x, _ = some_rows()
    mean, covariance = x.mean(0), x.T.cov()
    observed = torch.tensor([True, False, True, False]).expand(len(x), 4)
    imputed = conditional_mean(mean, covariance, x, observed)
    present, missing = torch.tensor([0, 2]), torch.tensor([1, 3])
    slope = torch.linalg.solve(
        covariance[present][:, present], covariance[present][:, missing]
    )
    assert torch.equal(imputed[:, present], x[:, present])
    assert torch.allclose(
        imputed[:, missing], mean[missing] + (x[:, present] - mean[present]) @ slope
    )
    assert (imputed[:, missing] - mean[missing]).abs().max() > 0.1  # not the means


def drawn(share: float, count: int = 20_000) -> tuple[torch.Tensor, torch.Tensor]:
    """Two normal classes with means 0 and 2: logits under equal priors, and labels."""
    rng = torch.Generator().manual_seed(0)
    labels = (torch.rand(count, generator=rng) < share).long()
    x = torch.randn(count, dtype=torch.float64, generator=rng) + 2 * labels
    return torch.stack([torch.zeros_like(x), 2 * x - 2], dim=1), labels


@pytest.mark.parametrize("share", [0.05, 0.5, 0.8])
def test_the_prior_is_found_where_probabilities_are_right(share):
    """EM is within sampling error for true log-odds, not for log-odds times five."""
    logits, labels = drawn(share)
    log_prior = torch.tensor([0.5, 0.5], dtype=torch.float64).log()
    estimate = float(em_class_prior(logits, log_prior)[1].exp())
    assert estimate == pytest.approx(float(labels.double().mean()), abs=0.012)
    # The estimate maximises the likelihood over a grid of shares.
    grid = torch.linspace(0.001, 0.999, 999, dtype=torch.float64)
    ratio = logits[:, 1].exp()
    log_likelihood = torch.stack([(1 - g + g * ratio).log().mean() for g in grid])
    assert estimate == pytest.approx(float(grid[log_likelihood.argmax()]), abs=0.002)
    if share < 0.5:
        miscalibrated = float(em_class_prior(5 * logits, log_prior)[1].exp())
        assert abs(miscalibrated - share) > 0.03
