"""Four generators on the same digits: one measure for all, and a likelihood for some.

The VAE, the GAN and the diffusion model are those of `digit_generators`; a small GPT
generates a picture pixel by pixel, row by row. It gives each picture of integer grey
levels an exact probability; the densities of the others give a bound on it
(`data.digits`), the GAN gives none.
"""

import math
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from paradigms.data import digits
from paradigms.data.digits import LEVELS, PIXELS, scale
from paradigms.evaluation.sample_quality import (
    CONFIDENT,
    TRAINING_DISTANCE,
    DigitClassifier,
    Grid,
    grid,
    precision_and_coverage,
)
from paradigms.evaluation.statistics import band, intervals, paired_differences
from paradigms.experiments.outcome import Outcome, Row
from paradigms.experiments.pictures import Bands, Digits, Picture
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.layers.distributions import standard
from paradigms.models.denoiser import draw
from paradigms.models.vae import VAE
from paradigms.training.digit_generators import DigitTraining, GeneratorTrainingConfig
from paradigms.training.pixel_gpt import (
    PixelGPTConfig,
    log_probability,
    sample_pixels,
    train_pixel_gpt,
)

QUESTION = "Which of four generators makes the best digits, and which has a likelihood?"
# The GAN keeps its steps; the VAE has three fifths of them here, the diffusion half.
SHARED = GeneratorTrainingConfig(vae_steps=1500, diffusion_steps=2000)
PIXEL_GPT = PixelGPTConfig()
CALLS = "calls per image"
SEEN = "pictures seen in training"
FIXED = ("parameters", CALLS, SEEN, "blank pixels")  # what no seed changes
BLANK = 0.95  # a pixel is blank if it is 0 in a larger share of digits
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

    `shared` trains the three of `digit_generators`; `ddim_calls` are numbers of
    network calls, `importance_samples` are those of the VAE's tighter bound,
    `neighbours` is the k that sets the size of the ball around a held-out digit.
    """

    seeds: tuple[int, ...] = (0, 1, 2, 3)
    shared: GeneratorTrainingConfig = SHARED
    gpt: PixelGPTConfig = PIXEL_GPT
    samples: int = 1000
    latent: int = 16
    ddim_calls: tuple[int, ...] = (2, 5, 10, 20, 50)
    importance_samples: int = 200
    noise: float = 0.99  # share of noise in the mixture
    neighbours: int = 3


CONFIG = GeneratorsComparedConfig()
DUPLICATES = "held-out digits in the training set"
SHARES = ("precision", "coverage", CONFIDENT, DUPLICATES)
Scores = dict[str, float]


def run(config: GeneratorsComparedConfig, each: Each = serial_map) -> Outcome:
    """A row per sampler, then one per pair; intervals over the seeds.

    `precision`, `coverage` and `Frechet` are of `sample_quality`; `classifier
    confidence at least 0.9` is a share of the pictures; `bits per pixel` of a held-out
    digit is exact or an upper bound.  Pictures are the first seed's.
    """
    results = each(config.seeds, lambda seed: seed_results(config, seed))
    first, grids = results[0]
    runs = {name: [scores[name] for scores, _ in results] for name in first}
    rows: list[Row] = [
        {"name": name}
        | intervals(runs[name], SHARES)
        | {column: row[column] for column in FIXED if column in row}
        for name, row in first.items()
    ]
    for one, other in PAIRS:
        differences = paired_differences(runs[one], runs[other])
        measures = {column: differences[column] for column in MEASURES}
        rows.append({"name": f"{one} - {other}"} | measures)
    figures: dict[str, Picture] = {
        f"{name}/samples": Digits(**asdict(pictures))
        for name, pictures in grids.items()
    }
    figures["DDPM/calls"] = distance_by_calls(config, runs)
    return Outcome(rows, figures)


def distance_by_calls(
    config: GeneratorsComparedConfig, runs: dict[str, list[Scores]]
) -> Bands:
    """The Frechet distance by network calls; DDIM's is a curve."""
    curves = {name: [name] for name in ("VAE", "GAN")}
    curves["DDIM"] = [ddim(calls) for calls in config.ddim_calls]
    curves |= {name: [name] for name in ("DDPM", "autoregressive")}
    return Bands(
        bands={
            label: band(
                {
                    runs[name][0][CALLS]: [scores["Frechet"] for scores in runs[name]]
                    for name in names
                }
            )
            for label, names in curves.items()
        }
    )


def ddim(calls: int) -> str:
    """The name of DDIM with that many network calls."""
    return f"DDIM, {calls} calls"


def seed_results(
    config: GeneratorsComparedConfig, seed: int
) -> tuple[dict[str, Scores], dict[str, Grid]]:
    """Scores and twenty pictures of each sampler, for one seed."""
    results = SamplerResults(config, seed)
    results.add_data()
    results.add_independent_pixels()
    results.add_vae()
    results.add_gan()
    results.add_diffusion()
    results.add_autoregressive()
    return results.scores, results.grids


class SamplerResults:
    """Scores and twenty pictures of each sampler, of one seed."""

    def __init__(self, config: GeneratorsComparedConfig, seed: int) -> None:
        self.config, self.training = config, DigitTraining(config.shared, seed)
        self.pixels, self.test = self.training.train.pixels, self.training.test.pixels
        data = scale(self.pixels)
        self.judge = DigitClassifier(self.training.classifier, data)
        self.scores: dict[str, Scores] = {}
        self.grids: dict[str, Grid] = {}

    def add_data(self) -> None:
        """As many training digits as samples."""
        rng = self.training.rng
        indices = torch.randperm(len(self.pixels), generator=rng)[: self.config.samples]
        duplicates = (self.test[:, None] == self.pixels).all(dim=2).any(dim=1)
        zeros = (torch.cat([self.pixels, self.test]) == 0).double().mean(dim=0)
        self._add("training digits", scale(self.pixels[indices]))
        self.scores["training digits"] |= {
            DUPLICATES: float(duplicates.double().mean()),
            "blank pixels": int((zeros > BLANK).sum()),
        }

    def add_independent_pixels(self) -> None:
        """Each pixel drawn on its own."""
        levels = frequencies(self.pixels)
        samples = torch.multinomial(
            levels, self.config.samples, replacement=True, generator=self.training.rng
        ).T
        self._add("independent pixels", scale(samples))
        log_p = independent(levels, self.test)
        self.scores["independent pixels"]["bits per pixel"] = bits(log_p)

    def add_vae(self) -> None:
        """The VAE's means, and its samples with their noise."""
        config, training = self.config, self.training
        vae, bound = training.vae(config.latent)
        z = training.noise(config.samples, config.latent)
        with torch.no_grad():
            decoded = vae.decode(z)
        cost = network_cost(vae, 1, config.shared.batch * config.shared.vae_steps)
        self._add("VAE", decoded.mean, cost)
        tighter = importance_weighted_bound(vae, training, config.importance_samples)
        self.scores["VAE"] |= {
            "bits per pixel": digits.bits_per_pixel(bound),
            "bits per pixel, importance-weighted bound": digits.bits_per_pixel(tighter),
        }
        noisy = decoded.sample(training.noise(config.samples, PIXELS))
        self._add("VAE, with pixel noise", noisy, cost)

    def add_gan(self) -> None:
        """The GAN, which gives no probability."""
        gan, _, _ = self.training.gan()
        samples = gan.sample(self.config.samples, self.training.rng).detach()
        shared = self.config.shared
        cost = network_cost(gan, 1, shared.batch * shared.gan_steps)
        self._add("GAN", samples, cost)

    def add_diffusion(self) -> None:
        """DDPM with its bound, and DDIM in few calls from the same noise."""
        training, shared = self.training, self.config.shared
        model, process, bound = training.diffusion()
        start = training.noise(self.config.samples, PIXELS)
        pictures = shared.batch * shared.diffusion_steps
        for calls in self.config.ddim_calls:
            samples = draw(model, process, start, training.rng, calls)[-1]
            self._add(ddim(calls), samples, network_cost(model, calls, pictures))
        samples = draw(model, process, start, training.rng)[-1]
        self._add("DDPM", samples, network_cost(model, process.steps, pictures))
        self.scores["DDPM"]["bits per pixel"] = digits.bits_per_pixel(bound)

    def add_autoregressive(self) -> None:
        """The GPT, and its mixture with uniform noise.

        With 99% noise the mixture's probability is at least 1/100 of the GPT's.
        """
        count, rng, noise_share = (
            self.config.samples,
            self.training.rng,
            self.config.noise,
        )
        gpt = train_pixel_gpt(self.config.gpt, self.pixels, rng)
        pictures = self.config.gpt.batch * self.config.gpt.steps
        cost = network_cost(gpt, PIXELS, pictures)
        samples = sample_pixels(gpt, count, rng)
        self._add("autoregressive", scale(samples), cost)
        log_p = log_probability(gpt, self.test).detach()  # (N,)
        train_log_p = log_probability(gpt, self.pixels[: len(self.test)])
        self.scores["autoregressive"] |= {
            "bits per pixel": bits(log_p),
            "bits per pixel, training digits": bits(train_log_p),
        }
        uniform = torch.full_like(log_p, -PIXELS * math.log(LEVELS))
        mixture_log_p = torch.logaddexp(
            log_p + math.log(1 - noise_share), uniform + math.log(noise_share)
        )
        is_noise = torch.rand(count, generator=rng) < noise_share
        noise = torch.randint(LEVELS, samples.shape, generator=rng)
        mixture = torch.where(is_noise[:, None], noise, samples)
        self._add("autoregressive, 99% noise", scale(mixture), cost)
        self.scores["autoregressive, 99% noise"] |= {
            "bits per pixel": bits(mixture_log_p),
            "excess nats": float((log_p - mixture_log_p).mean()),
        }

    def _add(self, name: str, x: Tensor, cost: Scores | None = None) -> None:
        test = scale(self.test)
        scores = self.judge.scores(x, test)
        self.scores[name] = {
            **(cost or {}),
            **precision_and_coverage(self.judge, x, test, self.config.neighbours),
            **{key: scores[key] for key in (CONFIDENT, TRAINING_DISTANCE)},
        }
        self.grids[name] = grid(self.judge, x[:20].reshape(2, 10, PIXELS))


def network_cost(model: nn.Module, calls: int, pictures: int) -> Scores:
    """Its size, calls for a sample, and training pictures, repeats included."""
    size = sum(parameter.numel() for parameter in model.parameters())
    return {"parameters": size, CALLS: calls, SEEN: pictures}


def bits(log_p: Tensor) -> float:
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
def importance_weighted_bound(vae: VAE, training: DigitTraining, samples: int) -> float:
    """The importance-weighted bound with `samples` of z, tighter than the ELBO.

    The dequantisation noise is sampled anew with each z, so that its mean, too, is
    taken inside the logarithm. Mean over the held-out digits, in nats.
    """
    test = training.test.pixels
    x = training.dequantised(test.expand(samples, *test.shape))  # (K, N, 64)
    noise = training.noise(samples, len(test), vae.latent)
    posterior, likelihood = vae(x, noise)
    z = posterior.sample(noise)  # (K, N, Z)
    weight = likelihood.log_density(x) + standard(z).log_density(z)
    weight = weight - posterior.log_density(z)  # (K, N)
    return float((weight.logsumexp(dim=0) - math.log(samples)).mean())


def smaller() -> GeneratorsComparedConfig:
    """The same experiment, small enough for a test."""
    return GeneratorsComparedConfig(
        seeds=(0, 1),
        shared=GeneratorTrainingConfig(
            vae_steps=80, gan_steps=80, chain=50, width=32, diffusion_steps=80
        ),
        gpt=PixelGPTConfig(width=32, steps=30),
        samples=100,
        ddim_calls=(2, 10),
        importance_samples=5,
    )
