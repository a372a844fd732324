"""Gaussians with independent coordinates: what VAEs and diffusion are built from."""

from math import pi
from typing import NamedTuple

import torch
from torch import Tensor


class Gaussian(NamedTuple):
    """N(mean, variance), coordinate by coordinate; densities and KL are in nats.

    Shapes: mean (..., D); variance broadcasts to it. Errors: ValueError for noise, data
    or a second Gaussian of another shape but for leading sizes, for data that are not
    finite, or a density where a variance is not positive.
    """

    mean: Tensor
    variance: Tensor

    def sample(self, noise: Tensor) -> Tensor:
        """The reparameterised draw: differentiable in mean and variance. (..., D)

        Source: Kingma & Welling (2014), section 2.4.
        """
        # A leading dimension of the noise draws several times from each Gaussian.
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
        common = min(x.ndim, self.mean.ndim)  # the longer one holds several draws
        if x.shape[-common:] != self.mean.shape[-common:]:
            raise ValueError(
                f"{name} must end like the mean {tuple(self.mean.shape)}: "
                f"{tuple(x.shape)}"
            )
        check_finite(name, x)
        if not bool((self.variance > 0).all()):
            raise ValueError(
                f"variance must be positive: found {float(self.variance.min())}"
            )


def standard(like: Tensor) -> Gaussian:
    """N(0, I) in the shape of a tensor."""
    return Gaussian(torch.zeros_like(like), torch.ones_like(like))


def check_vectors(name: str, x: Tensor, width: int, draws: bool = False) -> None:
    """Errors: ValueError unless `x` is (B, width), not empty, real and finite.

    With `draws` it may hold several for each of B: (..., B, width).
    """
    matrix = x.ndim == 2 or (draws and x.ndim > 2)
    if not matrix or x.shape[-1] != width or x.numel() == 0:
        raise ValueError(
            f"{name} must be of shape ({'..., ' * draws}B, {width}), not empty: "
            f"{tuple(x.shape)}"
        )
    check_finite(name, x)


def check_finite(name: str, x: Tensor) -> None:
    """Errors: ValueError for whole numbers, or the first NaN or infinity in `x`."""
    if not x.is_floating_point():
        raise ValueError(f"{name} must hold floating-point numbers: {x.dtype}")
    finite = x.isfinite()
    if not bool(finite.all()):
        place = tuple((~finite).nonzero()[0].tolist())
        where = f" at {place}" if place else ""
        raise ValueError(f"{name} must hold finite numbers: {float(x[place])}{where}")
