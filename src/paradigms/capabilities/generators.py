"""What VAE, GAN and the two diffusions can do, held against closed forms."""

from collections.abc import Iterator
from itertools import permutations, product
from math import log
from typing import Any

import torch
from diffusers import DDPMScheduler
from torch import Tensor

from paradigms.gaussians import Gaussian
from paradigms.masks import bidirectional
from paradigms.models import masked_diffusion
from paradigms.models.diffusion import Diffusion, linear
from paradigms.models.gan import Generator
from paradigms.models.gpt import Config
from paradigms.models.masked_diffusion import MaskedDiffusion
from paradigms.models.vae import VAE
from paradigms.objectives import Specials, diffusion_bound, elbo, game_value
from paradigms.probes import sees, sequence_log_prob


def rows(draws: int) -> Iterator[dict[str, Any]]:
    """A row per generator."""
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    vae = VAE(pixels=3, latent=2, hidden=()).double()
    yield {
        "name": "vae",
        "bounds": vae_bounds(vae, draws, generator),
        "samples": varied(VAE(3, 2).sample(draws, generator)),
        "difference": vae_gap(),
    }
    yield {
        "name": "gan",
        "samples": varied(Generator(3, 2).sample(draws, generator)),
        "difference": gan_gap(),
    }
    yield {
        "name": "diffusion",
        "bounds": diffusion_bounds(draws, generator),
        "samples": diffusion_samples(draws, generator),
        "difference": schedule_gap(),
    }
    yield {"name": "masked_diffusion", **masked(draws, generator)}


def varied(drawn: Tensor) -> bool:
    """Whether the draws are finite and differ from one another."""
    return bool(drawn.isfinite().all()) and len(drawn.unique(dim=0)) == len(drawn)


def vae_bounds(vae: VAE, draws: int, generator: torch.Generator) -> bool:
    """A linear VAE has an exact likelihood; its ELBO stays below it at every point."""
    x = torch.randn(20, 3, generator=generator, dtype=torch.float64)
    noise = torch.randn(draws, 20, 2, generator=generator, dtype=torch.float64)
    with torch.no_grad():
        bound = elbo(vae, x, noise)  # (draws, 20)
        layer = next(m for m in vae.decoder.modules() if hasattr(m, "weight"))
        pixels = vae.log_variance.exp() * torch.eye(3)
        spread = layer.weight @ layer.weight.T + pixels  # (3, 3)
        exact = torch.distributions.MultivariateNormal(layer.bias, spread).log_prob(x)
    error = bound.std(dim=0) / draws**0.5
    return bool((bound.mean(dim=0) <= exact + 5 * error).all())


def vae_gap() -> float:
    """With the true posterior as its encoder, the ELBO is the likelihood itself."""
    weight, variance = 1.7, 0.4
    x = torch.linspace(-3, 3, 13, dtype=torch.float64)[:, None]  # (13, 1)
    # Three points integrate a polynomial of degree five against a normal exactly.
    noise = torch.tensor([-(3**0.5), 0.0, 3**0.5], dtype=torch.float64)
    share = torch.tensor([1 / 6, 2 / 3, 1 / 6], dtype=torch.float64)

    def network(x: Tensor, noise: Tensor) -> tuple[Gaussian, Gaussian]:
        narrow = torch.full_like(x, variance / (variance + weight**2))
        posterior = Gaussian(narrow * weight / variance * x, narrow)
        z = posterior.sample(noise)
        return posterior, Gaussian(weight * z, torch.full_like(z, variance))

    terms = elbo(network, x, noise[:, None, None].expand(3, 13, 1))  # (3, 13)
    evidence = torch.full_like(x, weight**2 + variance)
    exact = Gaussian(torch.zeros_like(x), evidence).log_density(x)
    return float((share @ terms - exact).abs().max())


def gan_gap() -> float:
    """At D = p / (p + q) the game's value is twice the JS divergence, less log 4."""
    p = torch.tensor([5, 3, 1, 1], dtype=torch.float64)
    q = torch.tensor([1, 2, 3, 4], dtype=torch.float64)
    best = (p / q).log()  # the logit of p / (p + q)
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


def model_variance(process: Diffusion, network: Any) -> float:
    """That of x_0 when noise is taken back by a linear network: a recursion."""
    variance, one = 1.0, torch.ones(1, 1, dtype=torch.float64)
    for step in range(process.steps, 0, -1):
        t = torch.tensor([step])
        back = process.ddpm(one, network(one, t), t)
        variance = float(back.mean) ** 2 * variance + float(back.variance)
    return variance


def diffusion_bounds(draws: int, generator: torch.Generator) -> bool:
    """On Gaussian data the model is Gaussian: its bound stays below its likelihood."""
    process = Diffusion(linear(20, last=0.3))
    network = best_noise(process, 0.5)
    x = torch.linspace(-2, 2, 9, dtype=torch.float64).repeat_interleave(draws)[:, None]
    noise = torch.randn(20, len(x), 1, generator=generator, dtype=torch.float64)
    cost = diffusion_bound(network, process, x, noise).sum(dim=0)  # (9 * draws,)
    cost = cost.unflatten(0, (9, draws))
    variance = torch.full((9, 1), model_variance(process, network)).double()
    exact = Gaussian(torch.zeros(9, 1), variance).log_density(x[::draws])
    error = cost.std(dim=1) / draws**0.5
    return bool((-cost.mean(dim=1) <= exact + 5 * error).all())


def diffusion_samples(draws: int, generator: torch.Generator) -> bool:
    """Draws have the variance that the recursion gives, within 5 standard errors."""
    process = Diffusion(linear(20, last=0.3))
    network = best_noise(process, 0.5)
    x = torch.randn(draws, 1, generator=generator, dtype=torch.float64)
    for step in range(process.steps, 0, -1):
        t = torch.full((draws,), step)
        noise = torch.randn(draws, 1, generator=generator, dtype=torch.float64)
        x = process.ddpm(x, network(x, t), t).sample(noise)
    variance = model_variance(process, network)
    return abs(float(x.var()) - variance) < 5 * variance * (2 / draws) ** 0.5


def schedule_gap() -> float:
    """Diffusers' DDPM scheduler: the largest difference in betas and alpha-bars."""
    theirs = DDPMScheduler(num_train_timesteps=1000)
    ours = Diffusion(linear(1000))
    return max(
        float((ours.beta[1:] - theirs.betas).abs().max()),
        float((ours.alpha_bar[1:] - theirs.alphas_cumprod).abs().max()),
    )


def masked(draws: int, generator: torch.Generator) -> dict[str, Any]:
    """Three words brought back one at a time, in each of the six orders."""
    specials = Specials()
    first = specials.first_word
    config = Config(first + 3, positions=3, width=32, layers=2, heads=4)
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
