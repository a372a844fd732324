"""Probabilistic PCA: the linear VAE whose likelihood can be written down.

x = W z + mean + noise, with z ~ N(0, I) and one noise variance for all coordinates. So
x is Gaussian, and eigenvectors give its best parameters: no encoder, no training.
Source: Tipping & Bishop (1999).
"""

import math

import torch
from torch import Tensor

from paradigms.gaussians import check_vectors


class ProbabilisticPCA:
    """Z latent numbers for D; `weights` (D, Z), `mean` (D,), `variance` of the noise.

    Errors: ValueError for a Z that is not below D, or data that are not finite.
    """

    def __init__(self, latent: int) -> None:
        self.latent = latent

    def fit(self, x: Tensor) -> "ProbabilisticPCA":
        """The maximum of the likelihood, in closed form; x (N, D)."""
        check_vectors("x", x, x.shape[-1])
        if not 1 <= self.latent < x.shape[-1]:
            raise ValueError(f"latent must lie in 1..{x.shape[-1] - 1}: {self.latent}")
        self.mean = x.mean(dim=0)
        covariance = (x - self.mean).T @ (x - self.mean) / len(x)  # (D, D)
        size, direction = torch.linalg.eigh(covariance)  # eigenvalues rise
        # The noise takes what the discarded directions vary on average.
        self.variance = size[: -self.latent].mean()
        kept = (size[-self.latent :] - self.variance).sqrt()  # (Z,)
        self.weights = direction[:, -self.latent :] * kept  # (D, Z)
        return self

    def log_density(self, x: Tensor) -> Tensor:
        """Log N(x; mean, W W' + variance I) in nats, exactly: (N, D) -> (N,)."""
        check_vectors("x", x, len(self.mean))
        noise = self.variance * torch.eye(len(self.mean), dtype=x.dtype)
        factor = torch.linalg.cholesky(self.weights @ self.weights.T + noise)
        white = torch.linalg.solve_triangular(
            factor, (x - self.mean).T, upper=False
        )  # (D, N)
        constant = len(self.mean) * math.log(2 * math.pi)
        volume = 2 * factor.diagonal().log().sum()
        return -0.5 * (white.square().sum(dim=0) + constant + volume)
