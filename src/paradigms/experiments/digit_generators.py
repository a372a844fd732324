"""A VAE, a GAN and a diffusion model on the same digits: bounds, samples, pictures."""

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from paradigms.data import digits
from paradigms.data.digits import PIXELS, scale
from paradigms.evaluation.sample_quality import (
    CONFIDENT,
    TRAINING_DISTANCE,
    DigitClassifier,
    Grid,
    grid,
    nearest_distance,
)
from paradigms.evaluation.statistics import intervals
from paradigms.experiments.outcome import Outcome, Row
from paradigms.experiments.pictures import Curves, Digits, Picture
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.models.denoiser import draw
from paradigms.models.probabilistic_pca import ProbabilisticPCA
from paradigms.models.vae import VAE
from paradigms.training.digit_generators import (
    CoursePoint,
    DigitTraining,
    GeneratorTrainingConfig,
)

QUESTION = (
    "What do a VAE, a GAN and a diffusion model make of the same 1,438 handwritten "
    "digits, and what can each say about the likelihood of 359 others?"
)


@dataclass(frozen=True)
class DigitGeneratorsConfig(GeneratorTrainingConfig):
    """Each seed draws another split, other weights and other noise."""

    seeds: tuple[int, ...] = (0, 1, 2)
    samples: int = 1000
    latents: tuple[int, ...] = (2, 16)
    ddim_calls: int = 10


CONFIG = DigitGeneratorsConfig()
CALLS = "calls per image"
FIXED = ("parameters", CALLS)  # what no seed changes
SHARES = ("classifier accuracy", CONFIDENT)
Course = dict[str, list[tuple[float, float]]]


def run(config: DigitGeneratorsConfig, each: Each = serial_map) -> Outcome:
    """A row per model; bounds in nats and bits a pixel, shares of 1, with intervals.

    `classifier confidence at least 0.9` is a share of the samples; distances are to the
    nearest training digit or sample; `classes` counts the digits that are at least 1%
    of the samples.  Figures are the first seed's.
    """
    results = each(config.seeds, lambda seed: seed_results(config, seed))
    first, grids, curves = results[0]
    rows: list[Row] = [
        {"name": name}
        | intervals([scores[name] for scores, _, _ in results], SHARES)
        | {column: row[column] for column in FIXED if column in row}
        for name, row in first.items()
    ]
    figures: dict[str, Picture] = {
        key: Digits(**asdict(pictures)) for key, pictures in grids.items()
    }
    figures |= {key: Curves(curves=course) for key, course in curves.items()}
    return Outcome(rows, figures)


def seed_results(
    config: DigitGeneratorsConfig, seed: int
) -> tuple[dict[str, dict[str, float]], dict[str, Grid], dict[str, Course]]:
    """Every model's scores, grids and curves for one seed."""
    results = GeneratorResults(config, seed)
    results.add_data()
    results.add_probabilistic_pca()
    for latent in config.latents:
        results.add_vae(latent)
    results.add_gan()
    results.add_diffusion()
    return results.scores, results.grids, results.curves


class GeneratorResults:
    """Scores by model, grids and curves by model and name, of one seed."""

    def __init__(self, config: DigitGeneratorsConfig, seed: int) -> None:
        self.config, self.training = config, DigitTraining(config, seed)
        self.test = scale(self.training.test.pixels)
        data = scale(self.training.train.pixels)
        self.judge = DigitClassifier(self.training.classifier, data)
        self.scores: dict[str, dict[str, float]] = {}
        self.grids: dict[str, Grid] = {}
        self.curves: dict[str, Course] = {}

    def add_data(self) -> None:
        """The classifier's predictions for held-out digits."""
        predictions = self.judge.predict_proba(self.test).argmax(dim=1)
        correct = predictions == self.training.test.labels
        self.scores["held-out digits"] = {
            "classifier accuracy": float(correct.double().mean()),
            CONFIDENT: self.judge.scores(self.test, self.test)[CONFIDENT],
            TRAINING_DISTANCE: nearest_distance(self.test, self.judge.data),
        }
        self._add_samples("held-out digits", self.test)

    def add_probabilistic_pca(self) -> None:
        """The exact density of a linear model with two latents."""
        training = self.training
        pca = ProbabilisticPCA(2).fit(training.dequantised(training.train.pixels))
        log_density = pca.log_density(training.dequantised(training.test.pixels)).mean()
        self.scores["probabilistic PCA"] = bits(float(log_density))

    def add_vae(self, latent: int) -> None:
        """A VAE; with two latents also its latent plane."""
        vae, bound = self.training.vae(latent)
        name = "VAE" if latent == 2 else f"VAE, {latent} latents"
        x = vae.sample(self.config.samples, self.training.rng)
        self._add_model(name, vae, x, 1)
        self.scores[name] |= bits(bound)
        if latent == 2:
            self.grids["VAE/walk"] = latent_plane(self.judge, vae)

    def add_gan(self) -> None:
        """A GAN: ten fixed latents at six steps, and the training curves."""
        gan, course, snapshots = self.training.gan()
        x = gan.sample(self.config.samples, self.training.rng).detach()
        self._add_model("GAN", gan, x, 1)
        self.grids["GAN/training"] = grid(
            self.judge, torch.stack(list(snapshots.values())), rows=map(str, snapshots)
        )
        self.curves["GAN/accuracy"] = accuracies(course)
        self.curves["GAN/loss"] = {"loss": [(at.step, at.loss) for at in course]}

    def add_diffusion(self) -> None:
        """DDPM, and DDIM in fewer calls from the same noise."""
        config, training = self.config, self.training
        model, process, bound = training.diffusion()
        start = training.noise(config.samples, PIXELS)
        path = draw(model, process, start, training.rng)
        self._add_model("DDPM", model, path[-1], config.chain)
        self.scores["DDPM"] |= bits(bound)
        self.grids["DDPM/strip"] = denoising_strip(self.judge, path)
        samples = draw(model, process, start, training.rng, config.ddim_calls)[-1]
        self._add_model("DDIM", model, samples, config.ddim_calls)
        counts = [n for n in (5, 10, 20, 50, config.chain) if n <= config.chain]
        by_calls = [
            draw(model, process, start[:10], training.rng, n)[-1] for n in counts
        ]
        self.grids["DDIM/steps"] = grid(
            self.judge,
            torch.stack([*by_calls, path[-1][:10]]),
            rows=[*(f"DDIM {n}" for n in counts), f"DDPM {config.chain}"],
        )

    def _add_model(self, name: str, model: nn.Module, x: Tensor, calls: int) -> None:
        self.scores[name] = {
            "parameters": sum(p.numel() for p in model.parameters()),
            **self.judge.scores(x, self.test),
            CALLS: calls,
        }
        self._add_samples(name, x)

    def _add_samples(self, name: str, x: Tensor) -> None:
        samples = x[:20].reshape(2, 10, PIXELS)
        self.grids[f"{name}/samples"] = grid(self.judge, samples)


def bits(bound: float) -> dict[str, float]:
    """Mean log-density of scaled pictures, also as bits per pixel of integer levels."""
    return {"nats": bound, "bits per pixel": digits.bits_per_pixel(bound)}


def latent_plane(judge: DigitClassifier, vae: VAE) -> Grid:
    """Decoded pictures on a 9 x 9 grid of the latent plane, equal in probability."""
    steps = torch.special.ndtri((torch.arange(9) + 0.5) / 9)  # (9,)
    z = torch.cartesian_prod(-steps, steps).flip(-1)  # (81, 2), z2 falls row by row
    with torch.no_grad():
        x = vae.decode(z).mean.reshape(9, 9, PIXELS)
    names = [f"{float(step):.1f}" for step in steps]
    return grid(judge, x, rows=names[::-1], columns=names)


def denoising_strip(judge: DigitClassifier, path: list[Tensor]) -> Grid:
    """Three samples at ten steps of the reverse process."""
    last = len(path) - 1
    times = [last * part // 200 for part in (200, 150, 100, 70, 50, 35, 20, 10, 5, 0)]
    x = torch.stack([path[last - t][:3] for t in times], dim=1)  # (3, 10, D)
    return grid(judge, x, columns=[str(t) for t in times])


def accuracies(course: list[CoursePoint]) -> Course:
    """The discriminator's accuracy by kind of picture."""
    return {
        "training digits": [(at.step, at.train) for at in course],
        "held-out digits": [(at.step, at.test) for at in course],
        "generated digits": [(at.step, at.fake) for at in course],
    }


def smaller() -> DigitGeneratorsConfig:
    """The same experiment, small enough for a test."""
    return DigitGeneratorsConfig(
        seeds=(0, 1),
        samples=100,
        vae_steps=80,
        gan_steps=80,
        chain=50,
        width=32,
        diffusion_steps=80,
        ddim_calls=5,
    )
