"""Probabilistic PCA: the linear VAE whose likelihood can be written down.

x = W z + mean + noise, with z ~ N(0, I) and one noise variance for all coordinates. So
x is Gaussian, and eigenvectors give its best parameters: no encoder, no training.
Source: Tipping & Bishop (1999).
"""

import math

import torch
from torch import Tensor

from paradigms._checks import check_fitted, held
from paradigms.data.bag_of_words import dense


class ProbabilisticPCA:
    """Z latent numbers for D; `weights` (D, Z), `mean` (D,), `variance` of the noise.

    Errors: ValueError for a Z that is not below D, or data that are not finite, too
    large, or without variance in more than Z directions.
    """

    def __init__(self, latent: int) -> None:
        self.latent = latent

    def fit(self, x: Tensor) -> "ProbabilisticPCA":
        """The maximum of the likelihood, in closed form; x (N, D)."""
        if not 1 <= self.latent < dense(x).shape[1]:
            raise ValueError(f"latent must lie in 1..{x.shape[1] - 1}: {self.latent}")
        mean = x.mean(dim=0)
        covariance = (x - mean).T @ (x - mean) / len(x)  # (D, D)
        held("a covariance", covariance, x)
        size, direction = torch.linalg.eigh(covariance)  # eigenvalues rise
        # The noise takes what the discarded directions vary on average.
        variance = size[: -self.latent].mean()
        rounding = torch.finfo(x.dtype).eps
        least = rounding * (size[-1] + rounding * x.abs().max().square())
        if not bool(variance > least):
            raise ValueError(
                f"x must vary in more than {self.latent} directions: what is left for "
                f"the noise, {float(variance):.0e}, is rounding of {x.dtype}"
            )
        # Of eigenvalues that are equal one may lie below the mean, by rounding.
        kept = (size[-self.latent :] - variance).clamp(min=0).sqrt()  # (Z,)
        self.mean, self.variance = mean, variance
        self.weights = direction[:, -self.latent :] * kept  # (D, Z)
        return self

    def log_density(self, x: Tensor) -> Tensor:
        """Log N(x; mean, W W' + variance I) in nats, exactly: (N, D) -> (N,).

        Errors: ValueError for another width, parameters not finite, or overflow.
        """
        check_fitted(self)
        dense(x, self.mean)
        noise = self.variance * torch.eye(len(self.mean), dtype=x.dtype)
        factor = torch.linalg.cholesky(self.weights @ self.weights.T + noise)
        white = torch.linalg.solve_triangular(
            factor, (x - self.mean).T, upper=False
        )  # (D, N)
        constant = len(self.mean) * math.log(2 * math.pi)
        volume = 2 * factor.diagonal().log().sum()
        density = -0.5 * (white.square().sum(dim=0) + constant + volume)  # (N,)
        return held("its density", density, x)
