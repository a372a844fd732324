"""What mends a fitted model when features are missing, or the classes have shifted.

`seen` (N, V) says which features of x (N, V) may be used; a normal distribution sums
the others out, or fills in their mean given what is seen.  New shares of the classes
are estimated from rows without labels.
Sources: Bishop (2006), sections 2.3.1 and 2.3.2; Saerens et al. (2002).
"""

from typing import Any

import torch
from torch import Tensor


def marginal_log_joint(
    model: Any, covariance: Tensor, x: Tensor, seen: Tensor
) -> Tensor:
    """Log P(seen features, Y) of a normal model, up to a constant of the row. (N, K)

    `covariance` (K or 1, V, V); the integral over the hidden features is exact.
    """
    factors = [blocks(part, seen) for part in covariance]
    columns = []
    for k in range(len(model.mean)):
        factor = factors[k % len(factors)]
        away = torch.where(seen, x - model.mean[k], 0.0)[:, :, None]  # (N, V, 1)
        white = torch.linalg.solve_triangular(factor, away, upper=False)
        volume = factor.diagonal(dim1=1, dim2=2).log().sum(dim=1)
        columns.append(-white.square().sum(dim=(1, 2)) / 2 - volume)
    return torch.stack(columns, dim=1) + model.log_prior


def conditional_mean(
    mean: Tensor, covariance: Tensor, x: Tensor, seen: Tensor
) -> Tensor:
    """Rows (N, V) with what is hidden replaced by its mean, given what is seen."""
    away = torch.where(seen, x - mean, 0.0)[:, :, None]
    weight = torch.cholesky_solve(away, blocks(covariance, seen))[:, :, 0]
    return torch.where(seen, x, mean + weight @ covariance)


def blocks(covariance: Tensor, seen: Tensor) -> Tensor:
    """Cholesky factors of the seen block, with ones for the rest: (V, V) -> (N, V, V).

    What is not seen then adds nothing, neither to a square nor to a determinant.
    """
    both = seen[:, :, None] & seen[:, None]
    rest = (~seen).to(covariance.dtype).diag_embed()
    return torch.linalg.cholesky(torch.where(both, covariance, 0.0) + rest)
