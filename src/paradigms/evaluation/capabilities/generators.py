"""Capabilities of VAE, GAN and both diffusions, against closed forms and diffusers."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import partial
from itertools import permutations, product
from math import log
from typing import Any, cast

import torch
from diffusers import DDIMScheduler, DDPMScheduler
from torch import Tensor, nn

from paradigms.data.special_tokens import SPECIALS
from paradigms.evaluation.capabilities.transformers import frequencies_agree, sharp
from paradigms.evaluation.receptive_field import sees, sequence_log_prob, visible
from paradigms.layers import Perceptron
from paradigms.layers.distributions import Gaussian
from paradigms.masks import bidirectional
from paradigms.models import masked_diffusion
from paradigms.models.denoiser import Denoiser, draw
from paradigms.models.diffusion import Diffusion, linear
from paradigms.models.gan import Discriminator, Generator
from paradigms.models.gpt import GPTConfig
from paradigms.models.masked_diffusion import MaskedDiffusion
from paradigms.models.vae import VAE
from paradigms.objectives import diffusion_bound, elbo, game_value

# Gauss-Hermite: three points are exact for polynomials up to degree five.
NODES = torch.tensor([-(3**0.5), 0.0, 3**0.5], dtype=torch.float64)
SHARES = torch.tensor([1 / 6, 2 / 3, 1 / 6], dtype=torch.float64)


def rows(draws: int) -> Iterator[dict[str, Any]]:
    """A row per generator."""
    torch.manual_seed(0)
    rng = torch.Generator().manual_seed(0)
    vae = exact_vae()
    yield {
        "name": "vae",
        "sees": receptive_field(
            lambda x: vae.encode(x).mean, torch.ones(1, 3).double()
        ),
        "bounds": vae_bounds(vae, draws, rng),
        "samples": vae_samples(vae, draws, rng),
        "difference": vae_gap(vae),
        "tolerance": 1e-10,
    }
    yield {
        "name": "gan",
        "sees": receptive_field(Discriminator(3), torch.ones(1, 3)),
        "samples": gan_samples(draws, rng),
        "difference": gan_gap(),
        "tolerance": 1e-10,
    }
    denoiser = partial(Denoiser(3, 8), t=torch.tensor([1]))
    yield {
        "name": "diffusion",
        "sees": receptive_field(denoiser, torch.ones(1, 3)),
        "bounds": diffusion_bounds(draws, rng),
        "samples": diffusion_samples(draws, rng),
        "difference": schedule_gap(),
        "tolerance": 1e-5,
    }
    yield {"name": "masked_diffusion", **masked_diffusion_row(draws, rng)}


def receptive_field(network: Callable[[Tensor], Tensor], x: Tensor) -> str:
    """Whether each output depends on each pixel of a picture x (1, D): gradients."""
    affects = visible(lambda pixels: network(pixels.T).reshape(-1, 1), x.T)  # (..., D)
    return "the whole input" if bool(affects.all()) else "otherwise"


def agree(samples: Tensor, mean: Tensor, covariance: Tensor) -> bool:
    """Whether samples (N, D) have mean and covariance, within 5 standard errors."""
    variance, count = covariance.diagonal(), len(samples)  # (D,)
    mean_errors = (samples.mean(dim=0) - mean).abs() / (variance / count).sqrt()
    error = (variance[:, None] * variance + covariance.square()) / count
    covariance_errors = (samples.T.cov() - covariance).abs() / error.sqrt()  # (D, D)
    return bool((mean_errors < 5).all()) and bool((covariance_errors < 5).all())


def single_layer(network: Perceptron) -> nn.Linear:
    """The layer of a perceptron that has no hidden ones."""
    (layer,) = network.layers
    return cast(nn.Linear, layer)


@torch.no_grad()
def exact_vae() -> VAE:
    """A linear VAE whose encoder is its true posterior, so that its bound is tight."""
    vae = VAE(pixels=3, latent=2, hidden=()).double()
    decoder, encoder = single_layer(vae.decoder), single_layer(vae.encoder)
    # Orthogonal columns: the latents are independent given a picture.
    columns, _ = torch.linalg.qr(torch.randn(3, 2, dtype=torch.float64))
    decoder.weight.copy_(columns * torch.tensor([1.5, 0.7]))  # (3, 2)
    vae.log_variance.fill_(log(0.4))
    variance = 1 / (1 + decoder.weight.square().sum(dim=0) / 0.4)  # (2,)
    weight = variance[:, None] * decoder.weight.T / 0.4  # (2, 3)
    encoder.weight.copy_(torch.cat([weight, torch.zeros(2, 3)]))
    encoder.bias.copy_(torch.cat([-weight @ decoder.bias, variance.log()]))
    return vae


def likelihood(vae: VAE, x: Tensor) -> Tensor:
    """Log p(x) (N,) of a linear VAE: probabilistic PCA's."""
    layer = single_layer(vae.decoder)
    noise = vae.log_variance.exp() * torch.eye(len(layer.bias))
    covariance = layer.weight @ layer.weight.T + noise  # (D, D)
    normal = torch.distributions.MultivariateNormal(layer.bias, covariance)
    log_p: Tensor = normal.log_prob(x)
    return log_p


@torch.no_grad()
def vae_bounds(vae: VAE, draws: int, rng: torch.Generator) -> bool:
    """Whether the bound is below the likelihood, and equal with the true posterior."""
    x = torch.randn(20, 3, generator=rng, dtype=torch.float64)
    noise = torch.randn(draws, 20, 2, generator=rng, dtype=torch.float64)
    with_random_encoder = deepcopy(vae)
    single_layer(with_random_encoder.encoder).reset_parameters()
    excesses = []
    for network in (vae, with_random_encoder):
        bound = elbo(network, x, noise)  # (draws, 20)
        error = bound.std(dim=0) / draws**0.5
        excesses.append((bound.mean(dim=0) - likelihood(network, x)) / error)
    return bool((excesses[0].abs() < 5).all()) and bool((excesses[1] < 5).all())


@torch.no_grad()
def vae_samples(vae: VAE, draws: int, rng: torch.Generator) -> bool:
    """Whether samples without pixel noise are normal in the decoder's plane."""
    layer = single_layer(vae.decoder)
    samples = deepcopy(vae).float().sample(draws, rng).double()
    return agree(
        samples @ layer.weight,
        layer.bias @ layer.weight,
        (layer.weight.T @ layer.weight).square(),
    )


@torch.no_grad()
def vae_gap(vae: VAE) -> float:
    """With the true posterior as its encoder, the ELBO is the likelihood itself."""
    x = torch.linspace(-3, 3, 39, dtype=torch.float64).view(13, 3).sin()
    noise = torch.cartesian_prod(NODES, NODES)[:, None].expand(9, 13, 2)
    weight = torch.cartesian_prod(SHARES, SHARES).prod(dim=1)  # (9,)
    return float((weight @ elbo(vae, x, noise) - likelihood(vae, x)).abs().max())


@torch.no_grad()
def gan_samples(draws: int, rng: torch.Generator) -> bool:
    """Whether the input of tanh, without hidden layers, is normal: covariance W W'."""
    network = Generator(2, 3, hidden=())
    layer = single_layer(network.network)
    samples = network.sample(draws, rng).atanh()
    return agree(samples, layer.bias, layer.weight @ layer.weight.T)


@torch.no_grad()
def gan_gap() -> float:
    """At D = p / (p + q) the game's value is twice the JS divergence, less log 4."""
    p = torch.tensor([5, 3, 1, 1], dtype=torch.float64)
    q = torch.tensor([1, 2, 3, 4], dtype=torch.float64)
    critic = Discriminator(4, hidden=()).double()
    # The logit of p / (p + q).
    layer = single_layer(critic.network)
    layer.weight.copy_((p / q).log()[None])
    layer.bias.zero_()
    logits = critic(torch.eye(4, dtype=torch.float64))  # (4,), one for each picture
    real, fake = logits.repeat_interleave(p.long()), logits.repeat_interleave(q.long())
    p, q = p / p.sum(), q / q.sum()
    middle = (p + q) / 2
    divergence = ((p * (p / middle).log()).sum() + (q * (q / middle).log()).sum()) / 2
    return abs(float(game_value(real, fake) - (2 * divergence - log(4))))


def best_noise(process: Diffusion, variance: float) -> Any:
    """The best prediction of the noise when the data are N(0, variance)."""

    def network(x: Tensor, t: Tensor) -> Tensor:
        a = process.alpha_bar[t][:, None]
        return (1 - a).sqrt() / (a * variance + 1 - a) * x

    return network


# For data from N(0, 1) every noised picture is N(0, 1), and a step of DDPM is the exact
# inverse of a noising step: the bound is tight, and samples are N(0, 1).
CHAIN = Diffusion(linear(10, last=0.3))


def model_variance(variance: float) -> float:
    """The variance of samples, with the last noise, by `best_noise` for `variance`.

    A reverse step by equation 11 of Ho et al. (2020), which is linear here.
    """
    beta, a = CHAIN.beta[1:], CHAIN.alpha_bar[1:]
    factor = (1 - beta / (a * variance + 1 - a)) / (1 - beta).sqrt()  # (T,)
    result = 1.0
    for scale, noise in zip(
        factor.flip(0).tolist(), beta.flip(0).tolist(), strict=True
    ):
        result = scale**2 * result + noise
    return result


def diffusion_bounds(draws: int, rng: torch.Generator) -> bool:
    """Whether the bound is below the likelihood, and equal with the best network."""
    x = torch.linspace(-2, 2, 9, dtype=torch.float64).repeat_interleave(draws)[:, None]
    noise = torch.randn(CHAIN.steps, len(x), 1, generator=rng, dtype=torch.float64)
    excesses = []
    for variance in (1.0, 0.2):
        network = best_noise(CHAIN, variance)
        cost = diffusion_bound(network, CHAIN, x, noise).sum(dim=0).view(9, draws)
        marginal = torch.full((1,), model_variance(variance))
        exact = Gaussian(torch.zeros(1), marginal).log_density(x).view(9, draws)[:, 0]
        error = cost.std(dim=1) / draws**0.5
        excesses.append((-cost.mean(dim=1) - exact) / error)
    return bool((excesses[0].abs() < 5).all()) and bool((excesses[1] < 5).all())


def diffusion_samples(draws: int, rng: torch.Generator) -> bool:
    """Whether samples from noise are N(0, 1)."""
    x = torch.randn(draws, 1, generator=rng, dtype=torch.float64)
    samples = draw(best_noise(CHAIN, 1.0), CHAIN, x, rng)[-1]
    # The last step leaves out its noise, of variance beta_1.
    return agree(samples, torch.zeros(1), (1 - CHAIN.beta[1]).view(1, 1))


def schedule_gap() -> float:
    """Difference from diffusers: betas, alpha-bars, noising, both reverse steps."""
    settings = {"num_train_timesteps": 1000, "clip_sample": False}
    # diffusers has no types.
    theirs: Any = DDPMScheduler(**settings)  # type: ignore[no-untyped-call]
    ddim: Any = DDIMScheduler(**settings)  # type: ignore[no-untyped-call]
    ddim.set_timesteps(1000)
    ours = Diffusion(linear(1000))
    x = torch.linspace(-2, 2, 12, dtype=torch.float64).view(3, 4)
    noise, t = x.sin(), torch.tensor([1, 500, 1000])
    pairs = [
        (ours.beta[1:], theirs.betas),
        (ours.alpha_bar[1:], theirs.alphas_cumprod),
        (ours.q_sample(x, t, noise), theirs.add_noise(x, noise, t - 1)),
        (ours.ddpm(x, noise, t).mean[:1], theirs.step(noise, 0, x).prev_sample[:1]),
    ]
    for row, time in enumerate(t.tolist()):
        expected = ddim.step(noise, time - 1, x).prev_sample[row]
        pairs.append((ours.ddim(x, noise, t, t - 1).mean[row], expected))
    # Not Python's `max`, which may ignore a NaN.
    return float(torch.stack([(a - b).abs().max().double() for a, b in pairs]).max())


def masked_diffusion_row(draws: int, rng: torch.Generator) -> dict[str, Any]:
    """Three words unmasked one at a time, in each of the six orders."""
    first = SPECIALS.first_word
    config = GPTConfig(first + 3, positions=3, width=32, layers=2, heads=4)
    model = sharp(MaskedDiffusion(config))
    texts = torch.tensor(list(product(range(first, first + 3), repeat=3)))  # (27, 3)
    orders = torch.stack(
        [_in_order(model, texts, order) for order in permutations(range(3))]
    )  # (6, 27)
    bound = orders.mean(dim=0)  # the mean over orders of log p
    # The log of the mean: the distribution of samples.
    exact = orders.logsumexp(dim=0) - log(6)
    hidden = torch.full((draws, 3), SPECIALS.mask)
    samples = masked_diffusion.sample(model, hidden, 3, rng) - first
    p = exact.exp()
    row = torch.tensor([[first, SPECIALS.mask, first + 1]])
    affects = sees(model.network, row, model.network.word, rule=bidirectional)
    return {
        "sees": "both" if affects.all() else "otherwise",
        "bounds": bool((bound <= exact).all()) and abs(float(p.sum()) - 1) < 1e-9,
        "samples": frequencies_agree(samples, p),
        "fills": bool(affects[1, 0] & affects[1, 2]),
        "difference": abs(float(p.sum()) - 1),
        "tolerance": 1e-10,
    }


@torch.no_grad()
def _in_order(model: MaskedDiffusion, texts: Tensor, order: tuple[int, ...]) -> Tensor:
    """Log-probability of each text with its words unmasked in that order: (N,)."""
    hidden = torch.full_like(texts, model.specials.mask)
    total = torch.zeros(len(texts), dtype=torch.float64)
    for position in order:
        log_p = model(hidden)[:, position : position + 1]  # (N, 1, V)
        total = total + sequence_log_prob(log_p, texts[:, position : position + 1])
        hidden[:, position] = texts[:, position]
    return total
