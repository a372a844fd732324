"""Four generators on the same digits: one measure for all, and a likelihood for some.

The VAE, the GAN and the diffusion model are those of `digit_generators`; a small GPT
generates a picture pixel by pixel, row by row. It gives each picture of integer grey
levels an exact probability; the densities of the others give a bound on it
(`data.digits`), the GAN gives none.
"""

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from paradigms.data import digits
from paradigms.data.digits import LEVELS, PIXELS, scaled
from paradigms.data.special_tokens import SpecialTokens
from paradigms.evaluation.sample_quality import grid, precision_and_coverage
from paradigms.evaluation.statistics import t_interval
from paradigms.experiments import digit_generators
from paradigms.experiments.digit_generators import Trained
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.generation.decoding import generate
from paradigms.layers.distributions import standard
from paradigms.models.denoiser import Denoiser, draw
from paradigms.models.gan import Generator
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.models.vae import VAE
from paradigms.objectives import next_token
from paradigms.training.loop import Batch, TrainingConfig, train

QUESTION = "Which of four generators draws the best digits, and what can each score?"
# A pixel's id is its grey level; the start symbol follows the levels, and nothing here
# is ever padding.
IDS = SpecialTokens(pad=LEVELS + 1, bos=LEVELS)
CALLS = "calls per picture"
# The GAN keeps its steps; the VAE has three fifths of them here, the diffusion half.
SHARED = digit_generators.DigitGeneratorsConfig(
    seeds=(), vae_steps=1500, diffusion_steps=2000
)
BLANK = 0.95  # a pixel is blank if it is 0 in a larger share of digits
SEEN = "pictures seen in training"
FIXED = {"parameters", CALLS, SEEN, "blank pixels", "pictures"}  # what no seed changes
MEASURES = ("precision", "coverage", "Frechet")
PAIRS = (
    ("VAE", "DDPM"),
    ("VAE", "training digits"),
    ("autoregressive", "DDPM"),
    ("autoregressive", "VAE"),
    ("autoregressive", "GAN"),
    ("DDIM, 10 calls", "DDPM"),
)


@dataclass(frozen=True)
class GeneratorsComparedConfig:
    """Each seed draws another split, other weights and other noise.

    `shared` trains the three of `digit_generators`; `few` are DDIM's network calls,
    `draws` the samples of the VAE's tighter bound, `neighbours` the k that sets the
    size of the ball around a held-out digit.
    """

    seeds: tuple[int, ...] = (0, 1, 2, 3)
    shared: digit_generators.DigitGeneratorsConfig = SHARED
    latent: int = 16
    few: tuple[int, ...] = (2, 5, 10, 20, 50)
    draws: int = 200
    width: int = 64
    layers: int = 2
    batch: int = 16
    steps: int = 800
    rate: float = 4e-3
    noise: float = 0.99  # share of noise in the mixture
    neighbours: int = 3


CONFIG = GeneratorsComparedConfig()
Row = dict[str, Any]


def run(config: GeneratorsComparedConfig, each: Each = serial_map) -> list[Row]:
    """A row per sampler, then one per pair; intervals over the seeds.

    `precision`, `coverage` and `Frechet` are of `sample_quality`; `sure` and `distance
    to data` are the classifier's; `bits per pixel` of a held-out digit is exact or an
    upper bound.
    """
    results = each(config.seeds, partial(one_seed, config))
    rows = []
    for name in results[0]:
        row: Row = {"name": name}
        for column, value in results[0][name].items():
            values = tuple(scores[name][column] for scores in results)
            row[column] = value if column in FIXED else t_interval(values)
        rows.append(row)
    rows += [difference(results, *pair) for pair in PAIRS]
    by_name = {row["name"]: row for row in rows}
    by_name["DDPM"]["pictures"]["calls"] = {"bands": bands(by_name)}
    return rows


def difference(found: list[dict[str, Row]], one: str, other: str) -> Row:
    """The difference of each measure, paired by seed."""
    row: Row = {"name": f"{one} - {other}"}
    for column in MEASURES:
        gaps = tuple(rows[one][column] - rows[other][column] for rows in found)
        row[column] = t_interval(gaps)
    return row


def bands(rows: dict[str, Row]) -> dict[str, list[list[float]]]:
    """For a figure: the Frechet distance by network calls; DDIM's is a curve."""
    curves: dict[str, list[list[float]]] = {}
    for name, row in rows.items():
        if row.get(CALLS) and "noise" not in name:
            point = [row[CALLS], *(round(value, 3) for value in row["Frechet"])]
            curves.setdefault(name.split(",")[0], []).append(point)
    return curves


def one_seed(config: GeneratorsComparedConfig, seed: int) -> dict[str, Row]:
    """Every row of one seed."""
    shared = replace(config.shared, seeds=(seed,))
    run, count = Trained(shared, seed), shared.samples
    row = partial(_row, config, run)
    test_pixels, train_pixels = run.test.pixels, run.train.pixels
    indices = torch.randperm(len(train_pixels), generator=run.dice)[:count]
    rows = {"training digits": row(scaled(train_pixels[indices]), None, 0)}
    duplicates = (test_pixels[:, None] == train_pixels).all(dim=2).any(dim=1)
    rows["training digits"]["held-out digits among them"] = float(
        duplicates.double().mean()
    )
    blank = (torch.cat([train_pixels, test_pixels]) == 0).double().mean(dim=0) > BLANK
    rows["training digits"]["blank pixels"] = int(blank.sum())
    levels = frequencies(train_pixels)
    sampled = torch.multinomial(levels, count, replacement=True, generator=run.dice).T
    rows["independent pixels"] = row(scaled(sampled), None, 0)
    rows["independent pixels"]["bits per pixel"] = _bits(
        independent(levels, test_pixels)
    )
    vae, bound = run.vae(config.latent)
    z = run.noise(count, config.latent)
    with torch.no_grad():
        decoded = vae.decode(z)
    rows["VAE"] = row(decoded.mean, vae, 1)
    rows["VAE"]["bits per pixel"] = digits.bits_per_pixel(bound)
    tighter = weighted(vae, run, config.draws)
    rows["VAE"]["bits per pixel, more draws"] = digits.bits_per_pixel(tighter)
    noisy = decoded.sample(run.noise(count, PIXELS))
    rows["VAE, its noise kept"] = row(noisy, vae, 1)
    gan, _, _ = run.gan()
    rows["GAN"] = row(gan.sample(count, run.dice).detach(), gan, 1)
    rows |= _diffusions(config, run, row)
    return rows | _autoregressive(config, run, row)


def _diffusions(
    config: GeneratorsComparedConfig, run: Trained, row: Any
) -> dict[str, Row]:
    """DDPM with its bound, and DDIM in few calls from the same noise."""
    model, process, bound = run.diffusion()
    start = run.noise(config.shared.samples, PIXELS)
    rows = {}
    for calls in config.few:
        samples = draw(model, process, start, run.dice, calls)[-1]
        rows[f"DDIM, {calls} calls"] = row(samples, model, calls)
    path = draw(model, process, start, run.dice)
    rows["DDPM"] = row(path[-1], model, process.steps)
    rows["DDPM"]["bits per pixel"] = digits.bits_per_pixel(bound)
    return rows


def _autoregressive(
    config: GeneratorsComparedConfig, run: Trained, row: Any
) -> dict[str, Row]:
    """The GPT, and its mixture with uniform noise.

    With 99% noise the mixture's probability is at least 1/100 of the GPT's.
    """
    count, test = config.shared.samples, run.test.pixels
    network = left_to_right(config, run)
    samples = write(network, count, run.dice)
    rows = {"autoregressive": row(scaled(samples), network, PIXELS)}
    log_p = log_probability(network, test)  # (N,)
    uniform = torch.full_like(log_p, -PIXELS * math.log(LEVELS))
    mixture_log_p = torch.logaddexp(
        log_p + math.log(1 - config.noise), uniform + math.log(config.noise)
    )
    is_noise = torch.rand(count, generator=run.dice) < config.noise
    noise = torch.randint(LEVELS, samples.shape, generator=run.dice)
    mixture = torch.where(is_noise[:, None], noise, samples)
    name = "autoregressive, 99% noise"
    rows[name] = row(scaled(mixture), network, PIXELS)
    rows["autoregressive"]["bits per pixel"] = _bits(log_p)
    rows[name]["bits per pixel"] = _bits(mixture_log_p)
    rows[name]["nats lost"] = float((log_p - mixture_log_p).detach().mean())
    seen = log_probability(network, run.train.pixels[: len(test)])
    rows["autoregressive"]["bits per pixel, training digits"] = _bits(seen)
    return rows


def _row(
    config: GeneratorsComparedConfig,
    run: Trained,
    x: Tensor,
    model: nn.Module | None,
    calls: int,
) -> Row:
    """The scores of a generator's samples, and twenty of them."""
    test = scaled(run.test.pixels)
    scores = run.judge.scores(x, test)
    quality = precision_and_coverage(run.judge, x, test, config.neighbours)
    size = sum(p.numel() for p in model.parameters()) if model else 0
    pictures_read = seen(config).get(type(model), 0)
    return {
        **({"parameters": size, CALLS: calls, SEEN: pictures_read} if model else {}),
        **quality,
        **{key: scores[key] for key in ("sure", "distance to data")},
        "pictures": {"samples": grid(run.judge, x[:20].unflatten(0, (2, 10)))},
    }


def seen(config: GeneratorsComparedConfig) -> dict[type, int]:
    """Training pictures that each network has processed, repeats included."""
    shared = config.shared
    steps = {
        VAE: shared.vae_steps,
        Generator: shared.gan_steps,
        Denoiser: shared.diffusion_steps,
    }
    counts = {kind: shared.batch * number for kind, number in steps.items()}
    return counts | {GPT: config.batch * config.steps}


def _bits(log_p: Tensor) -> float:
    """Mean log-probability of pictures (N,) in nats, as bits per pixel."""
    return -float(log_p.detach().mean()) / (PIXELS * math.log(2))


def frequencies(pixels: Tensor) -> Tensor:
    """Shares of each pixel's grey levels, with add-one smoothing: (64, 17)."""
    counts = F.one_hot(pixels, LEVELS).sum(dim=0) + 1.0
    return counts / counts.sum(dim=1, keepdim=True)


def independent(levels: Tensor, pixels: Tensor) -> Tensor:
    """Log-probability of pictures (N, 64) under independent pixels: (N,)."""
    return levels.log()[torch.arange(PIXELS), pixels].sum(dim=1)


@torch.no_grad()
def weighted(vae: VAE, run: Trained, draws: int) -> float:
    """The importance-weighted bound with `draws` samples, tighter than the ELBO.

    The dequantisation noise is sampled anew with each z, so that its mean, too, is
    taken inside the logarithm. Mean over the held-out digits, in nats.
    """
    test = run.test.pixels
    x = run.dequantised(test.expand(draws, *test.shape))  # (K, N, 64)
    noise = run.noise(draws, len(test), vae.latent)
    posterior, likelihood = vae(x, noise)
    z = posterior.sample(noise)  # (K, N, Z)
    weight = likelihood.log_density(x) + standard(z).log_density(z)
    weight = weight - posterior.log_density(z)  # (K, N)
    return float((weight.logsumexp(dim=0) - math.log(draws)).mean())


def left_to_right(config: GeneratorsComparedConfig, run: Trained) -> GPT:
    """A GPT trained to predict each pixel from the previous ones."""
    network = GPT(GPTConfig(LEVELS + 1, PIXELS, config.width, config.layers, heads=4))

    def batch(_: int) -> Batch:
        shape = (config.batch,)
        rows = torch.randint(len(run.train.pixels), shape, generator=run.dice)
        return (run.train.pixels[rows],)

    def loss(network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        return -log_probability(network, *batch).sum(), torch.tensor(batch[0].numel())

    train(
        network, batch, loss, TrainingConfig(config.steps, config.rate, 50, decay=0.1)
    )
    return network


def log_probability(network: nn.Module, pixels: Tensor) -> Tensor:
    """Log P of pictures (N, 64) of integer grey levels, exactly, in nats: (N,)."""
    inputs, targets = next_token(pixels, IDS)
    log_p = network(inputs)[..., :LEVELS].log_softmax(dim=-1)  # (N, 64, 17)
    return log_p.gather(-1, targets[..., None]).sum(dim=(1, 2))


@torch.no_grad()
def write(network: GPT, count: int, dice: torch.Generator) -> Tensor:
    """Pictures sampled pixel by pixel: (count, 64)."""

    def choose(scores: Tensor) -> Tensor:
        p = scores[:, :LEVELS].softmax(dim=-1)
        return torch.multinomial(p, 1, generator=dice)[:, 0]

    return generate(network, torch.full((count, 1), IDS.bos), PIXELS, choose)[:, 1:]


def smaller() -> GeneratorsComparedConfig:
    """The same experiment, small enough for a test."""
    return GeneratorsComparedConfig(
        seeds=(0, 1),
        few=(2, 10),
        draws=5,
        width=32,
        steps=30,
        shared=digit_generators.smaller(),
    )
