"""Diffusion: noise is added in T small steps, and a network learns the reverse.

Time is that of the paper: x_0 is data, x_T is noise, and t counts from 1 to T. DDPM and
DDIM share the network and its training; they differ in the reverse process. There are
no parameters in this file: the network is in `denoiser.py`.
Source: Ho et al. (2020), section 2; DDIM: Song et al. (2021), section 4.1.
"""

import math
from typing import Literal

import torch
from torch import Tensor

from paradigms._checks import check_vectors, finite
from paradigms.layers.distributions import Gaussian


def linear(steps: int, first: float = 1e-4, last: float = 0.02) -> Tensor:
    """DDPM's betas, evenly spaced: (T,). Source: Ho et al. (2020), section 4."""
    return torch.linspace(first, last, steps, dtype=torch.float64)


def cosine(steps: int, offset: float = 0.008, largest: float = 0.999) -> Tensor:
    """Betas for a squared-cosine alpha-bar: (T,). Nichol & Dhariwal (2021), 3.2."""
    time = torch.arange(steps + 1, dtype=torch.float64) / steps  # (T + 1,)
    alpha_bar = ((time + offset) / (1 + offset) * math.pi / 2).cos().square()
    return (1 - alpha_bar[1:] / alpha_bar[:-1]).clamp(max=largest)  # (T,)


class Diffusion:
    """The forward process q, and reverse steps for a predicted noise.

    `beta` and `alpha_bar` (T + 1,) are indexed by t; at t = 0 there is no noise yet.
    `variance` of a reverse step: beta_t, which is right for smooth data in the limit of
    small steps, or the posterior's, which is right for data at a single point.
    Shapes: x (B, D), t (B,) of integers from 1 to T.
    Errors: ValueError for betas not between 0 and 1, an unknown variance, t or eta out
    of range, `to` not before t, tensors of another shape or not finite.
    """

    def __init__(
        self, betas: Tensor, variance: Literal["beta", "posterior"] = "beta"
    ) -> None:
        in_range = (betas > 0) & (betas < 1)
        if betas.ndim != 1 or len(betas) == 0 or not bool(in_range.all()):
            raise ValueError(f"betas must be one row between 0 and 1: {betas}")
        if variance not in ("beta", "posterior"):
            raise ValueError(f"variance must be beta or posterior: {variance!r}")
        self.steps, self.variance = len(betas), variance
        self.beta = torch.cat([torch.zeros(1, dtype=torch.float64), betas.double()])
        self.alpha_bar = (1 - self.beta).cumprod(dim=0)

    def marginal(self, x0: Tensor, t: Tensor) -> Gaussian:
        """q(x_t | x_0), in closed form. Source: Ho et al. (2020), equation 4."""
        _check(x0, x0, "x0")
        a = self._at(self.alpha_bar, t, x0)  # (B, 1)
        return Gaussian(a.sqrt().to(x0) * x0, (1 - a).to(x0))

    def q_sample(self, x0: Tensor, t: Tensor, noise: Tensor) -> Tensor:
        """A sample of q(x_t | x_0) from standard normal noise: (B, D)."""
        return self.marginal(x0, t).sample(finite(noise, "noise"))

    def posterior(self, x0: Tensor, x: Tensor, t: Tensor) -> Gaussian:
        """q(x_{t-1} | x_t, x_0). Source: Ho et al. (2020), equations 6 and 7."""
        _check(x, x, "x")
        _check(x0, x, "x0")
        beta, a = self._at(self.beta, t, x), self._at(self.alpha_bar, t, x)  # (B, 1)
        previous = self._at(self.alpha_bar, t - 1, x, first=0)  # (B, 1)
        of_x0 = previous.sqrt() * beta / (1 - a)  # (B, 1)
        of_x = (1 - beta).sqrt() * (1 - previous) / (1 - a)  # (B, 1)
        variance = (1 - previous) / (1 - a) * beta  # (B, 1)
        return Gaussian(of_x0.to(x) * x0 + of_x.to(x) * x, variance.to(x))

    def predict_x0(self, x: Tensor, epsilon: Tensor, t: Tensor) -> Tensor:
        """The x_0 that x_t and its predicted noise imply: (B, D)."""
        _check(x, x, "x")
        _check(epsilon, x, "epsilon")
        a = self._at(self.alpha_bar, t, x)  # (B, 1)
        return (x - (1 - a).sqrt().to(x) * epsilon) / a.sqrt().to(x)  # (B, D)

    def ddpm(self, x: Tensor, epsilon: Tensor, t: Tensor) -> Gaussian:
        """p(x_{t-1} | x_t): the posterior's mean, for the x_0 that the noise implies.

        Source: Ho et al. (2020), section 3.2, for both variances.
        """
        reverse = self.posterior(self.predict_x0(x, epsilon, t), x, t)
        if self.variance == "posterior":
            return reverse
        return Gaussian(reverse.mean, self._at(self.beta, t, x).to(x))

    def ddim(
        self, x: Tensor, epsilon: Tensor, t: Tensor, to: Tensor, eta: float = 0.0
    ) -> Gaussian:
        """A step from t back to `to`; eta = 0 adds no noise, eta = 1 as much as DDPM.

        Source: Song, Meng & Ermon (2021), equations 12 and 16.
        """
        if to.shape != t.shape or bool((to >= t).any()) or not 0 <= eta <= 1:
            raise ValueError(f"to must lie before t, eta in 0..1: {to}, {t}, {eta}")
        x0 = self.predict_x0(x, epsilon, t)  # (B, D)
        a = self._at(self.alpha_bar, t, x)  # (B, 1)
        previous = self._at(self.alpha_bar, to, x, first=0)  # (B, 1)
        variance = eta**2 * (1 - previous) / (1 - a) * (1 - a / previous)  # (B, 1)
        # At the last step rounding may leave a variance just above 1 - alpha-bar.
        direction = (1 - previous - variance).clamp(min=0).sqrt().to(x) * epsilon
        return Gaussian(previous.sqrt().to(x) * x0 + direction, variance.to(x))

    def _at(self, values: Tensor, t: Tensor, x: Tensor, first: int = 1) -> Tensor:
        """The values at each time, as a column: (B, 1).

        In double precision: near t = 0 their differences would lose digits.
        """
        if t.shape != x.shape[:1] or t.dtype != torch.long:
            raise ValueError(f"t must be {len(x)} whole numbers: {t.dtype}, {t.shape}")
        if not first <= int(t.min()) <= int(t.max()) <= self.steps:
            raise ValueError(f"t must lie in {first}..{self.steps}: {t}")
        return values[t.cpu()].to(x.device)[:, None]  # (B, 1)


def _check(x: Tensor, like: Tensor, what: str) -> None:
    check_vectors(x, x.shape[-1] if x.ndim else 0, what)
    if x.shape != like.shape:
        raise ValueError(f"{what} must be of shape {like.shape}: {x.shape}")
