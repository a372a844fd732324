"""Objectives of generative models: the ELBO, the GAN losses, the diffusion losses.

Networks, or their logits, are arguments. Bounds and the GAN's value are in nats, bounds
summed over the pixels; the simple loss is a mean squared error.
"""

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from paradigms._checks import check_finite
from paradigms.layers.distributions import Gaussian, standard

Denoising = Callable[[Tensor, Tensor], Tensor]  # x_t (B, D), t (B,) -> noise (B, D)


class NoisingChain(Protocol):
    """The diffusion process as the objectives use it; t (B,) runs from 1."""

    steps: int

    def marginal(self, x0: Tensor, t: Tensor) -> Gaussian:
        """q(x_t | x_0)."""

    def posterior(self, x0: Tensor, x: Tensor, t: Tensor) -> Gaussian:
        """q(x_{t-1} | x_t, x_0)."""

    def ddpm(self, x: Tensor, epsilon: Tensor, t: Tensor) -> Gaussian:
        """p(x_{t-1} | x_t) for a predicted noise."""


def elbo(
    network: Callable[[Tensor, Tensor], tuple[Gaussian, Gaussian]],
    x: Tensor,
    noise: Tensor,
) -> Tensor:
    """A lower bound of log p(x): reconstruction minus KL(q(z | x) || N(0, I)).

    `network` gives q(z | x) and p(x | z), with z drawn from q by `noise`.
    Shapes: x (B, D), noise (..., B, Z) -> (..., B), whose mean is the bound.
    Errors: those of the network, and ValueError for a q or p of another shape.
    Source: Kingma & Welling (2014), equation 3.
    """
    posterior, likelihood = network(x, noise)
    _check_values(
        "the mean of q(z | x)", posterior.mean, (*x.shape[:-1], noise.shape[-1])
    )
    _check_values(
        "the mean of p(x | z)", likelihood.mean, (*noise.shape[:-1], x.shape[-1])
    )
    return likelihood.log_density(x) - posterior.kl(standard(posterior.mean))


def game_value(real: Tensor, fake: Tensor) -> Tensor:
    """V(D, G) = E log D(x) + E log(1 - D(G(z))): D maximises it, G minimises it.

    Shapes: logits of D for real (B,) and generated (B,) pictures -> a scalar.
    Errors: ValueError for logits that are empty, not of shape (B,) or not finite.
    Source: Goodfellow et al. (2014), equation 1.

    >>> value = game_value(real=torch.zeros(2), fake=torch.zeros(2))
    >>> round((-value).exp().item())  # D says 1/2 to all: the value is -log 4
    4
    """
    _check_logits("real", real)
    _check_logits("fake", fake)
    # log(1 - sigmoid(a)) = log sigmoid(-a), which does not overflow.
    return logsigmoid(real).mean() + logsigmoid(-fake).mean()


def generator_loss(fake: Tensor, saturating: bool = False) -> Tensor:
    """-E log D(G(z)), or the minimax form E log(1 - D(G(z))) if `saturating`.

    Shapes: logits of D for generated pictures (B,) -> a scalar, to be minimised.
    Errors: ValueError for logits that are empty, not of shape (B,) or not finite.
    Source: Goodfellow et al. (2014), section 3.

    >>> round(generator_loss(torch.zeros(2)).exp().item())  # D says 1/2: log 2
    2
    """
    _check_logits("fake", fake)
    return logsigmoid(-fake).mean() if saturating else -logsigmoid(fake).mean()


def simple_loss(
    network: Denoising, process: NoisingChain, x0: Tensor, t: Tensor, noise: Tensor
) -> Tensor:
    """The mean squared error of the predicted noise, a scalar.

    Shapes: x0 and noise (B, D), t (B,) from 1 to T.
    Errors: those of the process, and ValueError for noise, given or predicted, of
    another shape or not finite.
    Source: Ho et al. (2020), equation 14.
    """
    marginal = process.marginal(x0, t)
    _check_values("noise", noise, x0.shape)
    x = marginal.sample(noise)  # (B, D)
    predicted = network(x, t)  # (B, D)
    _check_values("the predicted noise", predicted, x0.shape)
    return (noise - predicted).square().mean()


def diffusion_bound(
    network: Denoising, process: NoisingChain, x0: Tensor, noise: Tensor
) -> Tensor:
    """The terms L_0 to L_T, whose sum is at least -log p(x_0) in expectation.

    L_T is the KL of x_T from N(0, I), L_{t-1} that of the posterior from the reverse
    step, and L_0 is -log p(x_0 | x_1), the density of the last step.
    Shapes: x0 (B, D), noise (T, B, D), independent for each t -> (T + 1, B).
    Errors: ValueError for noise of another shape, or reverse steps without variance.
    Source: Ho et al. (2020), equation 5.
    """
    _check_values("noise", noise, (process.steps, *x0.shape))
    terms = []
    for step in range(1, process.steps + 1):
        t = torch.full((len(x0),), step)
        x = process.marginal(x0, t).sample(noise[step - 1])  # (B, D)
        reverse = process.ddpm(x, network(x, t), t)
        if step == 1:  # a log density, not a KL
            terms.append(-reverse.log_density(x0))
        else:
            terms.append(process.posterior(x0, x, t).kl(reverse))
    terms.append(process.marginal(x0, t).kl(standard(x0)))  # t is T by now
    return torch.stack(terms)


def _check_values(name: str, x: Tensor, shape: tuple[int, ...]) -> None:
    if x.shape != shape:
        raise ValueError(f"{name} must be of shape {tuple(shape)}: {tuple(x.shape)}")
    check_finite(x, name)


def _check_logits(name: str, logits: Tensor) -> None:
    if logits.ndim != 1 or len(logits) == 0 or not bool(logits.isfinite().all()):
        raise ValueError(
            f"{name} must be a row of finite logits: shape {tuple(logits.shape)}"
        )
