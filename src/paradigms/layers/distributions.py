"""Gaussians with diagonal covariance, for VAEs and diffusion."""

from math import pi
from typing import NamedTuple

import torch
from torch import Tensor

from paradigms._checks import check_finite


class Gaussian(NamedTuple):
    """N(mean, diag(variance)); densities and KL divergences are in nats.

    Shapes: mean (..., D); variance broadcasts to it. Errors: ValueError for noise, data
    or a second Gaussian of another shape, leading dimensions apart, for data that are
    not finite, or for a density if a variance is not positive.
    """

    mean: Tensor
    variance: Tensor

    def sample(self, noise: Tensor) -> Tensor:
        """The reparameterised sample, differentiable in mean and variance. (..., D)

        Source: Kingma & Welling (2014), section 2.4.
        """
        # Leading dimensions of the noise give several samples of each Gaussian.
        if noise.shape[-self.mean.ndim :] != self.mean.shape:
            raise ValueError(
                f"noise must end in the shape {tuple(self.mean.shape)} of the mean: "
                f"{tuple(noise.shape)}"
            )
        return self.mean + self.variance.sqrt() * noise

    def log_density(self, x: Tensor) -> Tensor:
        """Log N(x; mean, variance), summed over the coordinates. (...)"""
        self._check(x, "x")
        squared = (x - self.mean).square() / self.variance  # (..., D)
        return -0.5 * (squared + (2 * pi * self.variance).log()).sum(dim=-1)

    def kl(self, other: "Gaussian") -> Tensor:
        """KL(self || other) in closed form, summed over the coordinates. (...)"""
        other._check(self.mean, "mean")
        ratio = self.variance / other.variance
        squared = (self.mean - other.mean).square() / other.variance  # (..., D)
        return 0.5 * (squared + ratio - 1 - ratio.log()).sum(dim=-1)

    def _check(self, x: Tensor, name: str) -> None:
        common = min(x.ndim, self.mean.ndim)  # leading dimensions hold several samples
        if x.shape[-common:] != self.mean.shape[-common:]:
            raise ValueError(
                f"{name} must end like the mean {tuple(self.mean.shape)}: "
                f"{tuple(x.shape)}"
            )
        check_finite(x, name)
        if not bool((self.variance > 0).all()):
            raise ValueError(
                f"variance must be positive: found {float(self.variance.min())}"
            )


def standard(like: Tensor) -> Gaussian:
    """N(0, I) in the shape of a tensor."""
    return Gaussian(torch.zeros_like(like), torch.ones_like(like))
