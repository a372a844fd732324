"""The bound of diffusion, and its posterior, on Gaussian data in closed form."""

import math
from itertools import pairwise

import pytest
import torch

from paradigms.experiments.digit_generators import DigitGeneratorsConfig
from paradigms.models.diffusion import Diffusion, linear
from paradigms.objectives import diffusion_bound
from tests.models.test_diffusion import MEAN, SPREAD, best_denoiser

RNG = torch.Generator().manual_seed(0)


def chain_covariance(process: Diffusion) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean factors and covariance of (x_0 .. x_T) given x_0, computed step by step."""
    steps = process.steps
    factor = torch.zeros(steps + 1, dtype=torch.float64)
    factor[0] = 1
    covariance = torch.zeros(steps + 1, steps + 1, dtype=torch.float64)
    for t in range(1, steps + 1):
        scale = (1 - process.beta[t]).sqrt()
        factor[t] = scale * factor[t - 1]
        covariance[t] = scale * covariance[t - 1]
        covariance[:, t] = covariance[t]
        covariance[t, t] = scale**2 * covariance[t - 1, t - 1] + process.beta[t]
    return factor, covariance


@pytest.mark.parametrize("t", [1, 2, 7, 20])
def test_the_posterior_is_the_joint_gaussian_conditioned_by_hand(t):
    """q(x_{t-1} | x_t, x_0): mean and variance by conditioning the joint Gaussian."""
    process = Diffusion(linear(20, 0.01, 0.3))
    factor, covariance = chain_covariance(process)
    x0, x = torch.randn(2, 5, 3, generator=RNG, dtype=torch.float64)
    gain = covariance[t - 1, t] / covariance[t, t]
    mean = factor[t - 1] * x0 + gain * (x - factor[t] * x0)
    variance = covariance[t - 1, t - 1] - gain * covariance[t, t - 1]
    posterior = process.posterior(x0, x, torch.full((5,), t))
    assert torch.allclose(posterior.mean, mean, atol=1e-12)
    assert torch.allclose(posterior.variance, variance.expand(5, 1), atol=1e-12)


def exact_bound(process: Diffusion, network, x0: torch.Tensor) -> torch.Tensor:
    """The library's bound for each x0 (B, 1), without sampling error: (B,).

    Every term is at most quadratic in the noise: the mean over -1 and +1 is exact.
    """
    size = (process.steps, *x0.shape)
    terms = [
        diffusion_bound(network, process, x0, sign * torch.ones(size).double())
        for sign in (-1, 1)
    ]
    return -(terms[0] + terms[1]).sum(dim=0) / 2


def analytic_bound(
    process: Diffusion, x0: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """E_q log p(x_0 .. x_T) - log q(x_1 .. x_T | x_0), and log p(x_0), in closed form.

    With a linear denoiser p is a joint Gaussian over x_0 .. x_T. No term L_t is used:
    the two computations share only the schedule.
    """
    steps, network = process.steps, best_denoiser(process)
    mean = torch.zeros(steps + 1, dtype=torch.float64)
    covariance = torch.zeros(steps + 1, steps + 1, dtype=torch.float64)
    covariance[steps, steps] = 1
    for t in range(steps, 0, -1):  # x_{t-1} = slope x_t + shift + noise
        alpha_bar, alpha_bar_previous, beta = (
            process.alpha_bar[t],
            process.alpha_bar[t - 1],
            process.beta[t],
        )
        points = torch.tensor([[0.0], [1.0]]).double()
        noise = network(points, torch.tensor([t, t]))
        predicted_x0 = (points - (1 - alpha_bar).sqrt() * noise) / alpha_bar.sqrt()
        reverse = (
            alpha_bar_previous.sqrt() * beta * predicted_x0
            + (1 - beta).sqrt() * (1 - alpha_bar_previous) * points
        )
        shift, slope = (
            float(reverse[0] / (1 - alpha_bar)),
            float((reverse[1] - reverse[0]) / (1 - alpha_bar)),
        )
        mean[t - 1] = slope * mean[t] + shift
        covariance[t - 1] = slope * covariance[t]
        covariance[:, t - 1] = covariance[t - 1]
        covariance[t - 1, t - 1] = slope**2 * covariance[t, t] + beta
    factor, q = chain_covariance(process)
    q = q[1:, 1:]  # of x_1 .. x_T given x_0
    precision, size = torch.linalg.inv(covariance), steps + 1
    deviation = factor[None, :] * x0 - mean  # (B, T + 1)
    path = torch.zeros_like(covariance)
    path[1:, 1:] = q
    expected = (
        torch.einsum("bi,ij,bj->b", deviation, precision, deviation)
        + (precision @ path).trace()
    )
    log_p = -0.5 * (expected + torch.logdet(covariance) + size * math.log(2 * math.pi))
    entropy = 0.5 * (torch.logdet(q) + steps * (1 + math.log(2 * math.pi)))
    marginal = torch.distributions.Normal(mean[0], covariance[0, 0].sqrt())
    return log_p + entropy, marginal.log_prob(x0.squeeze(1))


@pytest.mark.parametrize("steps", [2, 10, 50])
def test_the_bound_on_gaussian_data_is_the_analytic_one(steps):
    """The sum of the L_t equals the bound of the joint Gaussian; never above log p."""
    process = Diffusion(linear(steps, 1 / steps**2, min(20 / steps, 0.9)))
    x0 = torch.linspace(-4, 5, 19, dtype=torch.float64)[:, None]
    bound = exact_bound(process, best_denoiser(process), x0)
    expected, likelihood = analytic_bound(process, x0)
    assert torch.allclose(bound, expected, atol=1e-7)
    assert bool((bound <= likelihood + 1e-9).all())


def listed(steps: int) -> torch.Tensor:
    """The schedule of the listing on the page: it starts with a very small beta."""
    return linear(steps, 1 / steps**2, min(20 / steps, 0.9))


def gap(betas: torch.Tensor, kind: type[Diffusion] = Diffusion) -> float:
    """Mean exact log-likelihood of the data minus the mean bound, in nats."""
    process = kind(betas)
    x0 = MEAN + SPREAD * torch.tensor([[-1.0], [1.0]]).double()  # exact for a quadratic
    bound = exact_bound(process, best_denoiser(process), x0).mean()
    exact = torch.distributions.Normal(MEAN, SPREAD).log_prob(x0).mean()
    return float(exact - bound)


def test_the_bound_tends_to_the_likelihood_as_steps_grow():
    """The gap is positive, and about halves with twice the steps."""
    gaps = [gap(listed(steps)) for steps in (25, 50, 100, 200, 400, 800)]
    assert all(g > 0 for g in gaps)
    assert all(after < 0.65 * before for before, after in pairwise(gaps))
    assert gaps[-1] < 0.02


class Narrow(Diffusion):
    """Reverse steps with the posterior variance, and beta_1 at t = 1, where it is 0."""

    def ddpm(self, x, epsilon, t):
        posterior = self.posterior(self.predict_x0(x, epsilon, t), x, t)
        return super().ddpm(x, epsilon, t) if int(t[0]) == 1 else posterior


def test_with_the_posterior_variance_the_bound_stays_below():
    """For any number of steps the gap exceeds 5 nats on Gaussian data."""
    assert all(gap(listed(steps), Narrow) > 5 for steps in (25, 100, 400))


def test_how_much_that_loses_depends_on_the_first_betas():
    """With the schedule of the digits, which rises slowly, the gap is about one nat."""
    chain = DigitGeneratorsConfig().chain
    assert 0.5 < gap(linear(chain, 0.1 / chain, 20 / chain), Narrow) < 1.5
    first, second = listed(100)[:2].tolist()
    x = torch.zeros(1, 1).double()
    step = Diffusion(listed(100)).posterior(x, x, torch.tensor([2]))
    assert float(step.variance) < 1.1 * first < 0.1 * second


def test_a_worse_denoiser_has_a_lower_bound():
    """Negative control: predicting 10% too much noise lowers the bound."""
    process = Diffusion(linear(50, 4e-4, 0.4))
    x0 = MEAN + SPREAD * torch.tensor([[-1.0], [1.0]]).double()
    best = best_denoiser(process)
    worse = exact_bound(process, lambda x, t: 1.1 * best(x, t), x0).mean()
    assert worse < exact_bound(process, best, x0).mean() - 0.01
