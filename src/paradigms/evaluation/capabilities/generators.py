"""What VAE, GAN and both diffusions can do, against closed forms and diffusers."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import partial
from itertools import permutations, product
from math import log
from typing import Any

import torch
from diffusers import DDIMScheduler, DDPMScheduler
from torch import Tensor

from paradigms.data.special_tokens import SpecialTokens
from paradigms.evaluation.receptive_field import sees, sequence_log_prob
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


def rows(draws: int) -> Iterator[dict[str, Any]]:
    """A row per generator."""
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    vae = exact_vae()
    yield {
        "name": "vae",
        "sees": seen(lambda x: vae.encode(x).mean, torch.ones(1, 3).double()),
        "bounds": vae_bounds(vae, draws, generator),
        "samples": vae_samples(vae, draws, generator),
        "difference": vae_gap(vae),
        "tolerance": 1e-10,
    }
    yield {
        "name": "gan",
        "sees": seen(Discriminator(3), torch.ones(1, 3)),
        "samples": gan_samples(draws, generator),
        "difference": gan_gap(),
        "tolerance": 1e-10,
    }
    denoiser = partial(Denoiser(3, 8), t=torch.tensor([1]))
    yield {
        "name": "diffusion",
        "sees": seen(denoiser, torch.ones(1, 3)),
        "bounds": diffusion_bounds(draws, generator),
        "samples": diffusion_samples(draws, generator),
        "difference": schedule_gap(),
        "tolerance": 1e-5,
    }
    yield {"name": "masked_diffusion", **masked(draws, generator)}


def seen(network: Callable[[Tensor], Tensor], x: Tensor) -> str:
    """Whether each output depends on each number of one picture x (1, D): gradients."""
    slopes = torch.autograd.functional.jacobian(network, x).flatten(0, -2)  # (..., D)
    return "the whole input" if bool((slopes != 0).all()) else "otherwise"


def agree(drawn: Tensor, mean: Tensor, covariance: Tensor) -> bool:
    """Draws (N, D) have this mean (D,) and covariance (D, D): 5 standard errors."""
    variance = covariance.diagonal()
    off = (drawn.mean(dim=0) - mean).abs() / (variance / len(drawn)).sqrt()  # (D,)
    error = (variance[:, None] * variance + covariance.square()) / len(drawn)
    apart = (drawn.T.cov() - covariance).abs() / error.sqrt()  # (D, D)
    return bool((off < 5).all()) and bool((apart < 5).all())


@torch.no_grad()
def exact_vae() -> VAE:
    """A linear VAE whose encoder is its true posterior, so that its bound is tight."""
    vae = VAE(pixels=3, latent=2, hidden=()).double()
    (decoder,), (encoder,) = vae.decoder.layers, vae.encoder.layers
    # Columns at right angles: the latents stay independent, given a picture.
    columns, _ = torch.linalg.qr(torch.randn(3, 2, dtype=torch.float64))
    decoder.weight.copy_(columns * torch.tensor([1.5, 0.7]))  # (3, 2)
    vae.log_variance.fill_(log(0.4))
    narrow = 1 / (1 + decoder.weight.square().sum(dim=0) / 0.4)  # (2,)
    back = narrow[:, None] * decoder.weight.T / 0.4  # (2, 3)
    encoder.weight.copy_(torch.cat([back, torch.zeros(2, 3)]))
    encoder.bias.copy_(torch.cat([-back @ decoder.bias, narrow.log()]))
    return vae


def likelihood(vae: VAE, x: Tensor) -> Tensor:
    """Log p(x) (N,) of a linear VAE: probabilistic PCA's."""
    (layer,) = vae.decoder.layers
    noise = vae.log_variance.exp() * torch.eye(len(layer.bias))
    spread = layer.weight @ layer.weight.T + noise  # (D, D)
    return torch.distributions.MultivariateNormal(layer.bias, spread).log_prob(x)


@torch.no_grad()
def vae_bounds(vae: VAE, draws: int, generator: torch.Generator) -> bool:
    """Below the likelihood with any encoder, and equal to it with the best one."""
    x = torch.randn(20, 3, generator=generator, dtype=torch.float64)
    noise = torch.randn(draws, 20, 2, generator=generator, dtype=torch.float64)
    other = deepcopy(vae)
    other.encoder.layers[0].reset_parameters()
    ahead = []
    for network in (vae, other):
        bound = elbo(network, x, noise)  # (draws, 20)
        error = bound.std(dim=0) / draws**0.5
        ahead.append((bound.mean(dim=0) - likelihood(network, x)) / error)
    return bool((ahead[0].abs() < 5).all()) and bool((ahead[1] < 5).all())


@torch.no_grad()
def vae_samples(vae: VAE, draws: int, generator: torch.Generator) -> bool:
    """Without the noise of pixels: in the decoder's plane, normal as its weights."""
    (layer,) = vae.decoder.layers
    drawn = deepcopy(vae).float().sample(draws, generator).double()
    return agree(
        drawn @ layer.weight,
        layer.bias @ layer.weight,
        (layer.weight.T @ layer.weight).square(),
    )


@torch.no_grad()
def vae_gap(vae: VAE) -> float:
    """With the true posterior as its encoder, the ELBO is the likelihood itself."""
    x = torch.linspace(-3, 3, 39, dtype=torch.float64).view(13, 3).sin()
    # Three points integrate a polynomial of degree five against a normal exactly.
    points = torch.tensor([-(3**0.5), 0.0, 3**0.5], dtype=torch.float64)
    shares = torch.tensor([1 / 6, 2 / 3, 1 / 6], dtype=torch.float64)
    noise = torch.cartesian_prod(points, points)[:, None].expand(9, 13, 2)
    share = torch.cartesian_prod(shares, shares).prod(dim=1)  # (9,)
    return float((share @ elbo(vae, x, noise) - likelihood(vae, x)).abs().max())


@torch.no_grad()
def gan_samples(draws: int, generator: torch.Generator) -> bool:
    """Without hidden layers what comes before the tanh is normal: covariance W W'."""
    network = Generator(2, 3, hidden=())
    (layer,) = network.network.layers
    drawn = network.sample(draws, generator).atanh()
    return agree(drawn, layer.bias, layer.weight @ layer.weight.T)


@torch.no_grad()
def gan_gap() -> float:
    """At D = p / (p + q) the game's value is twice the JS divergence, less log 4."""
    p = torch.tensor([5, 3, 1, 1], dtype=torch.float64)
    q = torch.tensor([1, 2, 3, 4], dtype=torch.float64)
    critic = Discriminator(4, hidden=()).double()
    critic.network.layers[0].weight.copy_(
        (p / q).log()[None]
    )  # the logit of p / (p + q)
    critic.network.layers[0].bias.zero_()
    best = critic(torch.eye(4, dtype=torch.float64))  # (4,), one for each picture
    real, fake = best.repeat_interleave(p.long()), best.repeat_interleave(q.long())
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


# Of N(0, 1) every noised picture is N(0, 1) too, and a step of DDPM is the very
# inverse of a step of noise: the bound is tight, and what is drawn is N(0, 1) again.
CHAIN = Diffusion(linear(10, last=0.3))


def model_variance(variance: float) -> float:
    """That of what is drawn, last noise included, with `best_noise` for this one.

    A step back by equation 11 of Ho et al. (2020), which is linear here.
    """
    beta, a = CHAIN.beta[1:], CHAIN.alpha_bar[1:]
    factor = (1 - beta / (a * variance + 1 - a)) / (1 - beta).sqrt()  # (T,)
    found = 1.0
    for slope, added in zip(
        factor.flip(0).tolist(), beta.flip(0).tolist(), strict=True
    ):
        found = slope**2 * found + added
    return found


def diffusion_bounds(draws: int, generator: torch.Generator) -> bool:
    """Below the likelihood with a poor network, equal to it with the best one."""
    x = torch.linspace(-2, 2, 9, dtype=torch.float64).repeat_interleave(draws)[:, None]
    noise = torch.randn(
        CHAIN.steps, len(x), 1, generator=generator, dtype=torch.float64
    )
    ahead = []
    for variance in (1.0, 0.2):
        network = best_noise(CHAIN, variance)
        cost = diffusion_bound(network, CHAIN, x, noise).sum(dim=0).view(9, draws)
        spread = torch.full((1,), model_variance(variance))
        exact = Gaussian(torch.zeros(1), spread).log_density(x).view(9, draws)[:, 0]
        error = cost.std(dim=1) / draws**0.5
        ahead.append((-cost.mean(dim=1) - exact) / error)
    return bool((ahead[0].abs() < 5).all()) and bool((ahead[1] < 5).all())


def diffusion_samples(draws: int, generator: torch.Generator) -> bool:
    """From noise back to N(0, 1)."""
    x = torch.randn(draws, 1, generator=generator, dtype=torch.float64)
    drawn = draw(best_noise(CHAIN, 1.0), CHAIN, x, generator)[-1]
    # The last step leaves out its noise, of variance beta_1.
    return agree(drawn, torch.zeros(1), (1 - CHAIN.beta[1]).view(1, 1))


def schedule_gap() -> float:
    """Diffusers' schedulers: betas, alpha-bars, a noising, and steps back by both."""
    theirs = DDPMScheduler(num_train_timesteps=1000, clip_sample=False)
    jumps = DDIMScheduler(num_train_timesteps=1000, clip_sample=False)
    jumps.set_timesteps(1000)
    ours = Diffusion(linear(1000))
    x = torch.linspace(-2, 2, 12, dtype=torch.float64).view(3, 4)
    noise, t = x.sin(), torch.tensor([1, 500, 1000])
    pairs = [
        (ours.beta[1:], theirs.betas),
        (ours.alpha_bar[1:], theirs.alphas_cumprod),
        (ours.q_sample(x, t, noise), theirs.add_noise(x, noise, t - 1)),
        (ours.ddpm(x, noise, t).mean[:1], theirs.step(noise, 0, x).prev_sample[:1]),
    ]
    for row, now in enumerate(t.tolist()):
        back = jumps.step(noise, now - 1, x).prev_sample[row]
        pairs.append((ours.ddim(x, noise, t, t - 1).mean[row], back))
    # Not Python's `max`, which passes over a NaN.
    return float(torch.stack([(a - b).abs().max().double() for a, b in pairs]).max())


def masked(draws: int, generator: torch.Generator) -> dict[str, Any]:
    """Three words brought back one at a time, in each of the six orders."""
    specials = SpecialTokens()
    first = specials.first_word
    config = GPTConfig(first + 3, positions=3, width=32, layers=2, heads=4)
    model = MaskedDiffusion(config).double()
    for weight in model.parameters():
        weight.data *= 8  # sharper than at the start
    texts = torch.tensor(list(product(range(first, first + 3), repeat=3)))  # (27, 3)
    orders = torch.stack(
        [_in_order(model, texts, order) for order in permutations(range(3))]
    )  # (6, 27)
    bound = orders.mean(dim=0)  # the mean over orders of log p
    exact = orders.logsumexp(dim=0) - log(6)  # the log of the mean: what is drawn from
    hidden = torch.full((draws, 3), specials.mask)
    drawn = masked_diffusion.sample(model, hidden, 3, generator) - first
    number = (drawn * torch.tensor([9, 3, 1])).sum(dim=1)
    found = torch.bincount(number, minlength=27) / draws
    p = exact.exp()
    error = (p * (1 - p) / draws).sqrt()
    row = torch.tensor([[first, specials.mask, first + 1]])
    seen = sees(model.network, row, model.network.word, rule=bidirectional)
    return {
        "sees": "both" if seen.all() else "otherwise",
        "bounds": bool((bound <= exact).all()) and abs(float(p.sum()) - 1) < 1e-9,
        "samples": bool(((found - p).abs() < 5 * error + 1 / draws).all()),
        "fills": bool(seen[1, 0] & seen[1, 2]),
        "difference": abs(float(p.sum()) - 1),
        "tolerance": 1e-10,
    }


@torch.no_grad()
def _in_order(model: MaskedDiffusion, texts: Tensor, order: tuple[int, ...]) -> Tensor:
    """Log-probability of each text when its words come back in that order: (N,)."""
    hidden = torch.full_like(texts, model.specials.mask)
    total = torch.zeros(len(texts), dtype=torch.float64)
    for place in order:
        log_p = model(hidden)[:, place : place + 1]  # (N, 1, V)
        total = total + sequence_log_prob(log_p, texts[:, place : place + 1])
        hidden[:, place] = texts[:, place]
    return total
