"""Inference of a fitted normal model with missing features.

`observed` (N, V) is True for the observed features of x (N, V); the missing ones are
marginalised out, or imputed by their conditional mean.
Source: Bishop (2006), sections 2.3.1 and 2.3.2.
"""

import torch
from torch import Tensor

from paradigms.models.discriminant_analysis import Discriminant
from paradigms.models.naive_bayes import GaussianNaiveBayes


def marginal_log_joint(
    model: Discriminant | GaussianNaiveBayes,
    covariance: Tensor,
    x: Tensor,
    observed: Tensor,
) -> Tensor:
    """Log P(observed features, Y) of a normal model, up to a constant per row. (N, K)

    `covariance` (K or 1, V, V); the integral over the missing features is exact.
    """
    factors = [blocks(part, observed) for part in covariance]
    columns = []
    for k in range(len(model.mean)):
        factor = factors[k % len(factors)]
        deviations = torch.where(observed, x - model.mean[k], 0.0)  # (N, V)
        whitened = torch.linalg.solve_triangular(
            factor, deviations[:, :, None], upper=False
        )
        half_log_det = factor.diagonal(dim1=1, dim2=2).log().sum(dim=1)
        columns.append(-whitened.square().sum(dim=(1, 2)) / 2 - half_log_det)
    return torch.stack(columns, dim=1) + model.log_prior


def conditional_mean(
    mean: Tensor, covariance: Tensor, x: Tensor, observed: Tensor
) -> Tensor:
    """Rows (N, V), missing features replaced by their mean given the observed ones."""
    deviations = torch.where(observed, x - mean, 0.0)[:, :, None]
    weight = torch.cholesky_solve(deviations, blocks(covariance, observed))[:, :, 0]
    return torch.where(observed, x, mean + weight @ covariance)


def blocks(covariance: Tensor, observed: Tensor) -> Tensor:
    """Cholesky factors of the observed block, ones for the rest: (V, V) -> (N, V, V).

    Missing features then add nothing, neither to a square nor to a determinant.
    """
    both = observed[:, :, None] & observed[:, None]
    rest = (~observed).to(covariance.dtype).diag_embed()
    factors: Tensor = torch.linalg.cholesky(torch.where(both, covariance, 0.0) + rest)
    return factors
