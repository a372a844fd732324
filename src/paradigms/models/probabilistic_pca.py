"""Probabilistic PCA: the linear VAE, whose likelihood has a closed form.

x = W z + mean + noise, with z ~ N(0, I) and one noise variance for all coordinates. So
x is Gaussian, and eigenvectors give the maximum-likelihood parameters: no encoder, no
gradient descent.
Source: Tipping & Bishop (1999).
"""

import math

import torch
from torch import Tensor

from paradigms._checks import check_fitted, check_overflow
from paradigms.data.bag_of_words import dense


class ProbabilisticPCA:
    """D features, Z latent; `weights` (D, Z), `mean` (D,), `variance` of the noise.

    Errors: ValueError for a Z that is not below D, or data that are not finite, too
    large, or without variance in more than Z directions.
    """

    def __init__(self, latent: int) -> None:
        self.latent = latent

    def fit(self, x: Tensor) -> "ProbabilisticPCA":
        """Maximum likelihood, in closed form; x (N, D)."""
        if not 1 <= self.latent < dense(x).shape[1]:
            raise ValueError(f"latent must lie in 1..{x.shape[1] - 1}: {self.latent}")
        mean = x.mean(dim=0)
        covariance = (x - mean).T @ (x - mean) / len(x)  # (D, D)
        check_overflow(covariance, x, "a covariance")
        eigenvalues, eigenvectors = torch.linalg.eigh(covariance)  # ascending
        # The variance of the noise is the mean of the discarded eigenvalues.
        variance = eigenvalues[: -self.latent].mean()
        rounding = torch.finfo(x.dtype).eps
        tolerance = rounding * (eigenvalues[-1] + rounding * x.abs().max().square())
        if not bool(variance > tolerance):
            raise ValueError(
                f"x must vary in more than {self.latent} directions: what is left for "
                f"the noise, {float(variance):.0e}, is rounding of {x.dtype}"
            )
        # By rounding, one of several equal eigenvalues may lie below the mean.
        scales = (eigenvalues[-self.latent :] - variance).clamp(min=0).sqrt()  # (Z,)
        self.mean, self.variance = mean, variance
        self.weights = eigenvectors[:, -self.latent :] * scales  # (D, Z)
        return self

    def log_density(self, x: Tensor) -> Tensor:
        """Log N(x; mean, W W' + variance I) in nats, exactly: (N, D) -> (N,).

        Errors: ValueError for another width, parameters not finite, or overflow.
        """
        check_fitted(self)
        dense(x, self.mean)
        noise = self.variance * torch.eye(len(self.mean), dtype=x.dtype)
        factor = torch.linalg.cholesky(self.weights @ self.weights.T + noise)
        whitened = torch.linalg.solve_triangular(
            factor, (x - self.mean).T, upper=False
        )  # (D, N)
        constant = len(self.mean) * math.log(2 * math.pi)
        log_det = 2 * factor.diagonal().log().sum()
        density = -0.5 * (whitened.square().sum(dim=0) + constant + log_det)  # (N,)
        return check_overflow(density, x, "its density")
