"""The bound of diffusion, and its posterior, on Gaussian data in closed form."""

import math
from itertools import pairwise

import pytest
import torch

from paradigms.experiments.digit_generators import DigitGeneratorsConfig
from paradigms.models.diffusion import Diffusion, linear
from paradigms.objectives import diffusion_bound
from tests.models.test_diffusion import MEAN, SPREAD, best_denoiser

DICE = torch.Generator().manual_seed(0)


def chain_covariance(process: Diffusion) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean factors and covariance of (x_1 .. x_T) given x_0, built step by step."""
    steps = process.steps
    factor = torch.zeros(steps + 1, dtype=torch.float64)
    factor[0] = 1
    spread = torch.zeros(steps + 1, steps + 1, dtype=torch.float64)
    for t in range(1, steps + 1):
        keep = (1 - process.beta[t]).sqrt()
        factor[t] = keep * factor[t - 1]
        spread[t] = keep * spread[t - 1]
        spread[:, t] = spread[t]
        spread[t, t] = keep**2 * spread[t - 1, t - 1] + process.beta[t]
    return factor, spread


@pytest.mark.parametrize("t", [1, 2, 7, 20])
def test_the_posterior_is_the_joint_gaussian_conditioned_by_hand(t):
    """q(x_{t-1} | x_t, x_0): mean and variance by conditioning the chain's joint."""
    process = Diffusion(linear(20, 0.01, 0.3))
    factor, spread = chain_covariance(process)
    x0, x = torch.randn(2, 5, 3, generator=DICE, dtype=torch.float64)
    gain = spread[t - 1, t] / spread[t, t]
    mean = factor[t - 1] * x0 + gain * (x - factor[t] * x0)
    variance = spread[t - 1, t - 1] - gain * spread[t, t - 1]
    found = process.posterior(x0, x, torch.full((5,), t))
    assert torch.allclose(found.mean, mean, atol=1e-12)
    assert torch.allclose(found.variance, variance.expand(5, 1), atol=1e-12)


def exact_bound(process: Diffusion, network, x0: torch.Tensor) -> torch.Tensor:
    """The code's bound of each x0 (B, 1), without sampling error: (B,).

    Every term is at most quadratic in the noise, so -1 and +1 average it exactly.
    """
    size = (process.steps, *x0.shape)
    both = [
        diffusion_bound(network, process, x0, sign * torch.ones(size).double())
        for sign in (-1, 1)
    ]
    return -(both[0] + both[1]).sum(dim=0) / 2


def analytic_bound(
    process: Diffusion, x0: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """E_q log p(x_0 .. x_T) - log q(x_1 .. x_T | x_0), and log p(x_0), by matrices.

    With a linear denoiser p is one Gaussian over the whole path, here written out; no
    term L_t is used, so the two computations share nothing but the schedule.
    """
    steps, network = process.steps, best_denoiser(process)
    mean = torch.zeros(steps + 1, dtype=torch.float64)
    spread = torch.zeros(steps + 1, steps + 1, dtype=torch.float64)
    spread[steps, steps] = 1
    for t in range(steps, 0, -1):  # x_{t-1} = slope x_t + shift + noise
        a, before, beta = (
            process.alpha_bar[t],
            process.alpha_bar[t - 1],
            process.beta[t],
        )
        points = torch.tensor([[0.0], [1.0]]).double()
        noise = network(points, torch.tensor([t, t]))
        data = (points - (1 - a).sqrt() * noise) / a.sqrt()
        back = before.sqrt() * beta * data + (1 - beta).sqrt() * (1 - before) * points
        shift, slope = float(back[0] / (1 - a)), float((back[1] - back[0]) / (1 - a))
        mean[t - 1] = slope * mean[t] + shift
        spread[t - 1] = slope * spread[t]
        spread[:, t - 1] = spread[t - 1]
        spread[t - 1, t - 1] = slope**2 * spread[t, t] + beta
    factor, q = chain_covariance(process)
    q = q[1:, 1:]  # of x_1 .. x_T given x_0
    inverse, size = torch.linalg.inv(spread), steps + 1
    away = factor[None, :] * x0 - mean  # (B, T + 1)
    path = torch.zeros_like(spread)
    path[1:, 1:] = q
    expected = (
        torch.einsum("bi,ij,bj->b", away, inverse, away) + (inverse @ path).trace()
    )
    log_p = -0.5 * (expected + torch.logdet(spread) + size * math.log(2 * math.pi))
    entropy = 0.5 * (torch.logdet(q) + steps * (1 + math.log(2 * math.pi)))
    own = torch.distributions.Normal(mean[0], spread[0, 0].sqrt())
    return log_p + entropy, own.log_prob(x0.squeeze(1))


@pytest.mark.parametrize("steps", [2, 10, 50])
def test_the_bound_on_gaussian_data_is_the_analytic_one(steps):
    """Sum of the L_t = what one Gaussian over the path gives; never above log p."""
    process = Diffusion(linear(steps, 1 / steps**2, min(20 / steps, 0.9)))
    x0 = torch.linspace(-4, 5, 19, dtype=torch.float64)[:, None]
    found = exact_bound(process, best_denoiser(process), x0)
    expected, likelihood = analytic_bound(process, x0)
    assert torch.allclose(found, expected, atol=1e-7)
    assert bool((found <= likelihood + 1e-9).all())


def listed(steps: int) -> torch.Tensor:
    """The schedule of the page's listing: it starts with a very small beta."""
    return linear(steps, 1 / steps**2, min(20 / steps, 0.9))


def gap(betas: torch.Tensor, kind: type[Diffusion] = Diffusion) -> float:
    """Mean exact log-likelihood of the data minus the mean bound, in nats."""
    process = kind(betas)
    x0 = MEAN + SPREAD * torch.tensor([[-1.0], [1.0]]).double()  # exact for a quadratic
    bound = exact_bound(process, best_denoiser(process), x0).mean()
    exact = torch.distributions.Normal(MEAN, SPREAD).log_prob(x0).mean()
    return float(exact - bound)


def test_the_bound_tends_to_the_likelihood_as_steps_grow():
    """Never above it on average, the gap about halves with twice the steps."""
    gaps = [gap(listed(steps)) for steps in (25, 50, 100, 200, 400, 800)]
    assert all(g > 0 for g in gaps)
    assert all(after < 0.65 * before for before, after in pairwise(gaps))
    assert gaps[-1] < 0.02


class Narrow(Diffusion):
    """Steps back with the posterior's variance; with beta_1 at t = 1, where it is 0."""

    def ddpm(self, x, epsilon, t):
        back = self.posterior(self.denoised(x, epsilon, t), x, t)
        return super().ddpm(x, epsilon, t) if int(t[0]) == 1 else back


def test_with_the_posterior_variance_the_bound_stays_below():
    """However many steps: several nats a coordinate are lost on Gaussian data."""
    assert all(gap(listed(steps), Narrow) > 5 for steps in (25, 100, 400))


def test_how_much_that_loses_depends_on_the_first_betas():
    """With those of the digits, which rise slowly from the start, it is about one."""
    chain = DigitGeneratorsConfig().chain
    assert 0.5 < gap(linear(chain, 0.1 / chain, 20 / chain), Narrow) < 1.5
    first, second = listed(100)[:2].tolist()
    x = torch.zeros(1, 1).double()
    step = Diffusion(listed(100)).posterior(x, x, torch.tensor([2]))
    assert float(step.variance) < 1.1 * first < 0.1 * second


def test_a_worse_denoiser_has_a_lower_bound():
    """The guard itself: predicting a tenth too much noise costs likelihood."""
    process = Diffusion(linear(50, 4e-4, 0.4))
    x0 = MEAN + SPREAD * torch.tensor([[-1.0], [1.0]]).double()
    best = best_denoiser(process)
    worse = exact_bound(process, lambda x, t: 1.1 * best(x, t), x0).mean()
    assert worse < exact_bound(process, best, x0).mean() - 0.01
