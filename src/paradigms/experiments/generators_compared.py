"""Four generators on the same digits: one measure for all, and a likelihood for some.

The VAE, the GAN and the diffusion model are those of `digit_generators`. Beside them
stands a small GPT that writes a picture pixel by pixel, row by row. It gives each
picture of whole grey levels an exact probability; the densities of the others give a
bound on it (`data.digits`), the GAN gives none.
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
BLANK = 0.95  # a pixel is called blank if it is so in more of all digits
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
    `draws` those for the tighter bound of the VAE, `neighbours` the number that
    decides how large the ball around a held-out digit is.
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
    """A row per way to draw, then one per pair; intervals over the seeds.

    `precision`, `coverage` and `Frechet` are of `likeness`; `sure` and `distance to
    data` are the judge's; `bits per pixel` is what a held-out digit costs, exactly or
    at most.
    """
    found = each(config.seeds, partial(one_seed, config))
    rows = []
    for name in found[0]:
        row: Row = {"name": name}
        for column, value in found[0][name].items():
            values = tuple(scores[name][column] for scores in found)
            row[column] = value if column in FIXED else t_interval(values)
        rows.append(row)
    rows += [difference(found, *pair) for pair in PAIRS]
    by_name = {row["name"]: row for row in rows}
    by_name["DDPM"]["pictures"]["calls"] = {"bands": bands(by_name)}
    return rows


def difference(found: list[dict[str, Row]], one: str, other: str) -> Row:
    """How much more one has of each measure than the other, seed by seed."""
    row: Row = {"name": f"{one} - {other}"}
    for column in MEASURES:
        gaps = tuple(rows[one][column] - rows[other][column] for rows in found)
        row[column] = t_interval(gaps)
    return row


def bands(rows: dict[str, Row]) -> dict[str, list[list[float]]]:
    """For a figure: the Frechet distance by network calls; DDIM's is a curve."""
    found: dict[str, list[list[float]]] = {}
    for name, row in rows.items():
        if row.get(CALLS) and "noise" not in name:
            point = [row[CALLS], *(round(value, 3) for value in row["Frechet"])]
            found.setdefault(name.split(",")[0], []).append(point)
    return found


def one_seed(config: GeneratorsComparedConfig, seed: int) -> dict[str, Row]:
    """Every row of one seed."""
    shared = replace(config.shared, seeds=(seed,))
    run, count = Trained(shared, seed), shared.samples
    row = partial(_row, config, run)
    test, learnt = run.test.pixels, run.train.pixels
    some = torch.randperm(len(learnt), generator=run.dice)[:count]
    rows = {"training digits": row(scaled(learnt[some]), None, 0)}
    same = (test[:, None] == learnt).all(dim=2).any(dim=1)
    rows["training digits"]["held-out digits among them"] = float(same.double().mean())
    blank = (torch.cat([learnt, test]) == 0).double().mean(dim=0) > BLANK
    rows["training digits"]["blank pixels"] = int(blank.sum())
    levels = frequencies(learnt)
    drawn = torch.multinomial(levels, count, replacement=True, generator=run.dice).T
    rows["independent pixels"] = row(scaled(drawn), None, 0)
    rows["independent pixels"]["bits per pixel"] = _bits(independent(levels, test))
    vae, bound = run.vae(config.latent)
    z = run.noise(count, config.latent)
    with torch.no_grad():
        picture = vae.decode(z)
    rows["VAE"] = row(picture.mean, vae, 1)
    rows["VAE"]["bits per pixel"] = digits.bits_per_pixel(bound)
    tighter = weighted(vae, run, config.draws)
    rows["VAE"]["bits per pixel, more draws"] = digits.bits_per_pixel(tighter)
    noisy = picture.sample(run.noise(count, PIXELS))
    rows["VAE, its noise kept"] = row(noisy, vae, 1)
    made, _, _ = run.gan()
    rows["GAN"] = row(made.sample(count, run.dice).detach(), made, 1)
    rows |= _diffusions(config, run, row)
    return rows | _pixel_by_pixel(config, run, row)


def _diffusions(
    config: GeneratorsComparedConfig, run: Trained, row: Any
) -> dict[str, Row]:
    """DDPM with its bound, and DDIM in few calls from the same noise."""
    model, process, bound = run.diffusion()
    start = run.noise(config.shared.samples, PIXELS)
    rows = {}
    for calls in config.few:
        few = draw(model, process, start, run.dice, calls)[-1]
        rows[f"DDIM, {calls} calls"] = row(few, model, calls)
    path = draw(model, process, start, run.dice)
    rows["DDPM"] = row(path[-1], model, process.steps)
    rows["DDPM"]["bits per pixel"] = digits.bits_per_pixel(bound)
    return rows


def _pixel_by_pixel(
    config: GeneratorsComparedConfig, run: Trained, row: Any
) -> dict[str, Row]:
    """The GPT, and its mixture with pictures of which each is as likely as any other.

    The mixture's probability is at least a hundredth of the GPT's, if 99% is noise.
    """
    count, test = config.shared.samples, run.test.pixels
    network = left_to_right(config, run)
    drawn = write(network, count, run.dice)
    rows = {"autoregressive": row(scaled(drawn), network, PIXELS)}
    log_p = log_probability(network, test)  # (N,)
    even = torch.full_like(log_p, -PIXELS * math.log(LEVELS))
    mixed = torch.logaddexp(
        log_p + math.log(1 - config.noise), even + math.log(config.noise)
    )
    noisy = torch.rand(count, generator=run.dice) < config.noise
    noise = torch.randint(LEVELS, drawn.shape, generator=run.dice)
    mixture = torch.where(noisy[:, None], noise, drawn)
    name = "autoregressive, 99% noise"
    rows[name] = row(scaled(mixture), network, PIXELS)
    rows["autoregressive"]["bits per pixel"] = _bits(log_p)
    rows[name]["bits per pixel"] = _bits(mixed)
    rows[name]["nats lost"] = float((log_p - mixed).detach().mean())
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
    """What is measured of every generator's pictures, and twenty of them."""
    test = scaled(run.test.pixels)
    scores = run.judge.scores(x, test)
    found = precision_and_coverage(run.judge, x, test, config.neighbours)
    size = sum(p.numel() for p in model.parameters()) if model else 0
    read = seen(config).get(type(model), 0)
    return {
        **({"parameters": size, CALLS: calls, SEEN: read} if model else {}),
        **found,
        **{key: scores[key] for key in ("sure", "distance to data")},
        "pictures": {"samples": grid(run.judge, x[:20].unflatten(0, (2, 10)))},
    }


def seen(config: GeneratorsComparedConfig) -> dict[type, int]:
    """Pictures that each network has read in training, each as often as it was read."""
    shared = config.shared
    steps = {
        VAE: shared.vae_steps,
        Generator: shared.gan_steps,
        Denoiser: shared.diffusion_steps,
    }
    counts = {kind: shared.batch * number for kind, number in steps.items()}
    return counts | {GPT: config.batch * config.steps}


def _bits(log_p: Tensor) -> float:
    """Mean log-probability of pictures (N,) in nats, as bits for each pixel."""
    return -float(log_p.detach().mean()) / (PIXELS * math.log(2))


def frequencies(pixels: Tensor) -> Tensor:
    """How often each pixel has each grey level, one more counted: (64, 17)."""
    counts = F.one_hot(pixels, LEVELS).sum(dim=0) + 1.0
    return counts / counts.sum(dim=1, keepdim=True)


def independent(levels: Tensor, pixels: Tensor) -> Tensor:
    """Log-probability of pictures (N, 64) of pixels on their own: (N,)."""
    return levels.log()[torch.arange(PIXELS), pixels].sum(dim=1)


@torch.no_grad()
def weighted(vae: VAE, run: Trained, draws: int) -> float:
    """The log of a mean over many z instead of the mean of a log: a tighter bound.

    The noise that makes grey levels real numbers is drawn anew with each z, and its
    mean, too, goes inside the logarithm. Mean over the held-out digits, in nats.
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
    """A GPT that has learned to predict each pixel from those before it."""
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
    """Log P of pictures (N, 64) of whole grey levels, exactly, in nats: (N,)."""
    inputs, targets = next_token(pixels, IDS)
    log_p = network(inputs)[..., :LEVELS].log_softmax(dim=-1)  # (N, 64, 17)
    return log_p.gather(-1, targets[..., None]).sum(dim=(1, 2))


@torch.no_grad()
def write(network: GPT, count: int, dice: torch.Generator) -> Tensor:
    """Pictures, pixel by pixel: (count, 64), each pixel drawn given those before it."""

    def choose(scores: Tensor) -> Tensor:
        p = scores[:, :LEVELS].softmax(dim=-1)
        return torch.multinomial(p, 1, generator=dice)[:, 0]

    return generate(network, torch.full((count, 1), IDS.bos), PIXELS, choose)[:, 1:]


def smaller() -> GeneratorsComparedConfig:
    """The same question at a size that a test can afford."""
    return GeneratorsComparedConfig(
        seeds=(0, 1),
        few=(2, 10),
        draws=5,
        width=32,
        steps=30,
        shared=digit_generators.smaller(),
    )
