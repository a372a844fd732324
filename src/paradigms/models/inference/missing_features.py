"""Inference of a fitted normal model with missing features.

`seen` (N, V) is True for the observed features of x (N, V); the missing ones are
marginalised out, or imputed by their conditional mean.
Source: Bishop (2006), sections 2.3.1 and 2.3.2.
"""

from typing import Any

import torch
from torch import Tensor


def marginal_log_joint(
    model: Any, covariance: Tensor, x: Tensor, seen: Tensor
) -> Tensor:
    """Log P(observed features, Y) of a normal model, up to a constant per row. (N, K)

    `covariance` (K or 1, V, V); the integral over the missing features is exact.
    """
    factors = [blocks(part, seen) for part in covariance]
    columns = []
    for k in range(len(model.mean)):
        factor = factors[k % len(factors)]
        deviations = torch.where(seen, x - model.mean[k], 0.0)[:, :, None]  # (N, V, 1)
        whitened = torch.linalg.solve_triangular(factor, deviations, upper=False)
        half_log_det = factor.diagonal(dim1=1, dim2=2).log().sum(dim=1)
        columns.append(-whitened.square().sum(dim=(1, 2)) / 2 - half_log_det)
    return torch.stack(columns, dim=1) + model.log_prior


def conditional_mean(
    mean: Tensor, covariance: Tensor, x: Tensor, seen: Tensor
) -> Tensor:
    """Rows (N, V), missing features replaced by their mean given the observed ones."""
    deviations = torch.where(seen, x - mean, 0.0)[:, :, None]
    weight = torch.cholesky_solve(deviations, blocks(covariance, seen))[:, :, 0]
    return torch.where(seen, x, mean + weight @ covariance)


def blocks(covariance: Tensor, seen: Tensor) -> Tensor:
    """Cholesky factors of the observed block, ones for the rest: (V, V) -> (N, V, V).

    Missing features then add nothing, neither to a square nor to a determinant.
    """
    both = seen[:, :, None] & seen[:, None]
    rest = (~seen).to(covariance.dtype).diag_embed()
    return torch.linalg.cholesky(torch.where(both, covariance, 0.0) + rest)
