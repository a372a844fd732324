"""A VAE, a GAN and a diffusion model on the same digits: bounds, samples, pictures."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from paradigms.data import digits
from paradigms.data.digits import PIXELS, scaled
from paradigms.evaluation.sample_quality import DigitClassifier, grid, nearest_distance
from paradigms.evaluation.statistics import t_interval
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.layers import Perceptron
from paradigms.models.denoiser import Denoiser, draw
from paradigms.models.diffusion import Diffusion, linear
from paradigms.models.gan import Discriminator, Generator
from paradigms.models.probabilistic_pca import ProbabilisticPCA
from paradigms.models.vae import VAE
from paradigms.objectives.generative import (
    diffusion_bound,
    elbo,
    game_value,
    generator_loss,
    simple_loss,
)

QUESTION = (
    "What do a VAE, a GAN and a diffusion model make of the same 1,438 handwritten "
    "digits, and what can each say about the likelihood of 359 others?"
)


@dataclass(frozen=True)
class DigitGeneratorsConfig:
    """Each seed draws another split, other weights and other noise.

    `blur` is the standard deviation of the noise on the discriminator's inputs.
    """

    seeds: tuple[int, ...] = (0, 1, 2)
    batch: int = 128
    samples: int = 1000
    latents: tuple[int, ...] = (2, 16)
    vae_steps: int = 2500
    gan_latent: int = 16
    gan_steps: int = 4000
    blur: float = 0.3
    chain: int = 200
    width: int = 192
    diffusion_steps: int = 4000
    ddim_calls: int = 10


CONFIG = DigitGeneratorsConfig()
Scores = dict[str, dict[str, Any]]


class Trained:
    """One seed's data and classifier, and the models trained on them."""

    def __init__(self, config: DigitGeneratorsConfig, seed: int) -> None:
        torch.manual_seed(seed)  # for weights; everything else draws from `dice`
        self.config, self.dice = config, torch.Generator().manual_seed(seed)
        self.train, self.test = digits.split(seed)
        self.judge = DigitClassifier(self._classifier(), scaled(self.train.pixels))

    def dequantised(self, pixels: Tensor) -> Tensor:
        """Pictures dequantised with fresh uniform noise: (N, 64)."""
        return scaled(pixels, torch.rand(pixels.shape, generator=self.dice))

    def noise(self, *shape: int) -> Tensor:
        """Standard normal noise."""
        return torch.randn(shape, generator=self.dice)

    def batches(self, steps: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Random training pictures (B, 64) and their labels (B,)."""
        for _ in range(steps):
            shape = (self.config.batch,)
            rows = torch.randint(len(self.train.pixels), shape, generator=self.dice)
            yield self.dequantised(self.train.pixels[rows]), self.train.labels[rows]

    def vae(self, latent: int) -> tuple[VAE, float]:
        """A trained VAE, and the mean ELBO of held-out pictures in nats."""
        config, model = self.config, VAE(PIXELS, latent, (128, 128))
        learn = _learner(model, config.vae_steps)
        for x, _ in self.batches(config.vae_steps):
            learn(-elbo(model, x, self.noise(config.batch, latent)).mean())
        x = self.dequantised(self.test.pixels)
        with torch.no_grad():
            bound = elbo(model, x, self.noise(50, len(x), latent)).mean()
        return model, float(bound)

    def diffusion(self) -> tuple[Denoiser, Diffusion, float]:
        """A trained network, its chain, and the mean bound of held-out pictures."""
        config, model = self.config, Denoiser(PIXELS, self.config.width)
        # DDPM's betas for 1000 steps, scaled so that fewer steps add the same noise.
        process = Diffusion(linear(config.chain, 0.1 / config.chain, 20 / config.chain))
        learn = _learner(model, config.diffusion_steps)
        for x, _ in self.batches(config.diffusion_steps):
            t = torch.randint(1, process.steps + 1, (len(x),), generator=self.dice)
            learn(simple_loss(model, process, x, t, self.noise(*x.shape)))
        x = self.dequantised(self.test.pixels)
        with torch.no_grad():
            terms = diffusion_bound(
                model, process, x, self.noise(process.steps, *x.shape)
            )
        return model, process, -float(terms.sum(dim=0).mean())

    def gan(self) -> tuple[Generator, list[list[float]], dict[int, Tensor]]:
        """A trained generator, its training curves, and samples at several steps."""
        config = self.config
        generator, critic = Generator(PIXELS, config.gan_latent), Discriminator(PIXELS)
        steps, course, snapshots = config.gan_steps, [], {}
        learn_d, learn_g = (_learner(m, steps, 5e-4, 0.5) for m in (critic, generator))
        fixed = self.noise(10, config.gan_latent)
        snapshot_steps = {max(steps * part // 80, 1) for part in (1, 5, 10, 20, 40, 80)}
        for step, (x, _) in enumerate(self.batches(steps), 1):
            fake = generator.sample(len(x), self.dice)
            blurred = fake + config.blur * self.noise(*x.shape)
            real = critic(x + config.blur * self.noise(*x.shape))
            learn_d(-game_value(real, critic(blurred.detach())))
            learn_g(generator_loss(critic(blurred)))
            if step % max(steps // 40, 1) == 0 or step == 1:
                course.append([step, *self._stand(generator, critic)])
            if step in snapshot_steps:
                snapshots[step] = generator(fixed).detach()
        return generator, course, snapshots

    @torch.no_grad()
    def _stand(self, made: Generator, critic: Discriminator) -> list[float]:
        """D's accuracy on training, held-out and generated pictures, and its loss."""
        logits = [
            critic(x + self.config.blur * self.noise(*x.shape))
            for x in (
                self.dequantised(self.train.pixels),
                self.dequantised(self.test.pixels),
                made.sample(1000, self.dice),
            )
        ]
        train, test, fake = logits
        correct = [(train > 0), (test > 0), (fake < 0)]
        loss = -float(game_value(train, fake))
        return [round(float(r.double().mean()), 3) for r in correct] + [round(loss, 3)]

    def _classifier(self) -> nn.Module:
        model = Perceptron(PIXELS, 128, 10)
        learn = _learner(model, 1500)
        for x, labels in self.batches(1500):
            learn(cross_entropy(model(x + 0.2 * self.noise(*x.shape)), labels))
        return model


def run(config: DigitGeneratorsConfig, each: Each = serial_map) -> list[dict[str, Any]]:
    """A row per model; bounds in nats and bits a pixel, shares of 1, with intervals.

    `sure` is the share of samples that the classifier labels with P of at least 0.9;
    `distance to data` is from a sample to the nearest training digit, `cover` from a
    held-out digit to the nearest sample; `classes` counts the digits that are at least
    1% of the samples.
    """
    results = each(config.seeds, partial(_scores_of_seed, config))
    rows = []
    for name in results[0]:
        row: dict[str, Any] = {"name": name}
        for column, value in results[0][name].items():
            values = tuple(scores[name][column] for scores in results)
            # FIXED columns do not depend on the seed; pictures are the first seed's.
            row[column] = value if column in FIXED else t_interval(values)
        rows.append(row)
    return rows


FIXED = {"parameters", "calls per picture", "pictures"}


def _scores_of_seed(config: DigitGeneratorsConfig, seed: int) -> Scores:
    """Every model's scores and pictures for one seed."""
    run, calls = Trained(config, seed), "calls per picture"
    judge, test, rows = run.judge, scaled(run.test.pixels), {}
    correct = judge.read(test).argmax(dim=1) == run.test.labels
    rows["held-out digits"] = {
        "judge's accuracy": float(correct.double().mean()),
        "sure": judge.scores(test, test)["sure"],
        "distance to data": nearest_distance(test, judge.data),
        "pictures": {"samples": grid(judge, test[:20].unflatten(0, (2, 10)))},
    }
    pca = ProbabilisticPCA(2).fit(run.dequantised(run.train.pixels))
    log_density = pca.log_density(run.dequantised(run.test.pixels)).mean()
    rows["probabilistic PCA"] = _bits(float(log_density))
    for latent in config.latents:
        vae, bound = run.vae(latent)
        name = "VAE" if latent == 2 else f"VAE, {latent} latents"
        x = vae.sample(config.samples, run.dice)
        rows[name] = _row(run, vae, x) | {calls: 1} | _bits(bound)
        if latent == 2:
            rows[name]["pictures"]["walk"] = _latent_grid(judge, vae)
    gan, course, snapshots = run.gan()
    x = gan.sample(config.samples, run.dice).detach()
    rows["GAN"] = _row(run, gan, x) | {calls: 1}
    rows["GAN"]["pictures"] |= _training(judge, course, snapshots)
    model, process, bound = run.diffusion()
    start = run.noise(config.samples, PIXELS)
    path = draw(model, process, start, run.dice)
    rows["DDPM"] = _row(run, model, path[-1]) | {calls: config.chain} | _bits(bound)
    rows["DDPM"]["pictures"]["strip"] = _denoising_strip(judge, path)
    ddim_samples = draw(model, process, start, run.dice, config.ddim_calls)[-1]
    rows["DDIM"] = _row(run, model, ddim_samples) | {calls: config.ddim_calls}
    step_counts = [s for s in (5, 10, 20, 50, config.chain) if s <= config.chain]
    ddim_by_steps = [
        draw(model, process, start[:10], run.dice, s)[-1] for s in step_counts
    ]
    rows["DDIM"]["pictures"]["steps"] = grid(
        judge,
        torch.stack([*ddim_by_steps, path[-1][:10]]),
        rows=[*(f"DDIM {s}" for s in step_counts), f"DDPM {config.chain}"],
    )
    return rows


def _row(run: Trained, model: nn.Module, x: Tensor) -> dict[str, Any]:
    """The scores of a model's samples, and twenty of them."""
    return {
        "parameters": sum(p.numel() for p in model.parameters()),
        **run.judge.scores(x, scaled(run.test.pixels)),
        "pictures": {"samples": grid(run.judge, x[:20].unflatten(0, (2, 10)))},
    }


def _bits(bound: float) -> dict[str, float]:
    """Mean log-density of scaled pictures, also as bits per pixel of integer levels."""
    return {"nats": bound, "bits per pixel": digits.bits_per_pixel(bound)}


def _latent_grid(judge: DigitClassifier, vae: VAE) -> dict[str, Any]:
    """Decoded pictures on a 9 x 9 grid of the latent plane, equal in probability."""
    steps = torch.special.ndtri((torch.arange(9) + 0.5) / 9)  # (9,)
    z = torch.cartesian_prod(-steps, steps).flip(-1)  # (81, 2), z2 falls row by row
    with torch.no_grad():
        x = vae.decode(z).mean.unflatten(0, (9, 9))
    names = [f"{float(step):.1f}" for step in steps]
    return grid(judge, x, rows=names[::-1], columns=names)


def _denoising_strip(judge: DigitClassifier, path: list[Tensor]) -> dict[str, Any]:
    """Three samples at ten steps of the reverse process."""
    last = len(path) - 1
    times = [last * part // 200 for part in (200, 150, 100, 70, 50, 35, 20, 10, 5, 0)]
    x = torch.stack([path[last - t][:3] for t in times], dim=1)  # (3, 10, D)
    return grid(judge, x, columns=[str(t) for t in times])


def _training(
    judge: DigitClassifier, course: list[list[float]], seen: dict[int, Tensor]
) -> dict[str, Any]:
    """Samples from ten fixed latents at six steps, and the training curves."""
    step, train, test, fake, loss = zip(*course, strict=True)
    return {
        "training": grid(judge, torch.stack(list(seen.values())), rows=map(str, seen)),
        "accuracy": {
            "curves": {
                "training digits": list(zip(step, train, strict=True)),
                "held-out digits": list(zip(step, test, strict=True)),
                "drawn digits": list(zip(step, fake, strict=True)),
            }
        },
        "loss": {"curves": {"loss": list(zip(step, loss, strict=True))}},
    }


def _learner(
    model: nn.Module, steps: int, rate: float = 2e-3, momentum: float = 0.9
) -> Any:
    """A function that takes an Adam step on a loss; the rate falls linearly to zero."""
    optimiser = torch.optim.Adam(model.parameters(), rate, (momentum, 0.999))
    scheduler = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.0, max(steps, 1))

    def learn(loss: Tensor) -> None:
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        scheduler.step()

    return learn


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
