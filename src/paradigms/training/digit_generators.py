"""A VAE, a GAN and a diffusion model trained on handwritten digits."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from paradigms.data import digits
from paradigms.data.digits import PIXELS, scale
from paradigms.layers import Perceptron
from paradigms.models.denoiser import Denoiser
from paradigms.models.diffusion import Diffusion, linear
from paradigms.models.gan import Discriminator, Generator
from paradigms.models.vae import VAE
from paradigms.objectives.generative import (
    diffusion_bound,
    elbo,
    game_value,
    generator_loss,
    simple_loss,
)


@dataclass(frozen=True)
class GeneratorTrainingConfig:
    """Steps and sizes; `chain` is the number of steps of the diffusion.

    `blur` is the standard deviation of the noise on the discriminator's inputs.
    """

    batch: int = 128
    vae_steps: int = 2500
    gan_latent: int = 16
    gan_steps: int = 4000
    blur: float = 0.3
    chain: int = 200
    width: int = 192
    diffusion_steps: int = 4000


class CoursePoint(NamedTuple):
    """The discriminator's accuracy on three kinds of pictures, and its loss."""

    step: int
    train: float
    test: float
    fake: float
    loss: float


class DigitTraining:
    """One seed's digits, a `classifier` of them, and generators trained on them.

    Everything draws from `rng`, in the order of the calls, but the first weights.
    """

    def __init__(self, config: GeneratorTrainingConfig, seed: int) -> None:
        torch.manual_seed(seed)  # for weights
        self.config, self.rng = config, torch.Generator().manual_seed(seed)
        self.train, self.test = digits.split(seed)
        self.classifier = self._classifier()

    def dequantised(self, pixels: Tensor) -> Tensor:
        """Pictures dequantised with fresh uniform noise: (N, 64)."""
        return scale(pixels, torch.rand(pixels.shape, generator=self.rng))

    def noise(self, *shape: int) -> Tensor:
        """Standard normal noise."""
        return torch.randn(shape, generator=self.rng)

    def batches(self, steps: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Random training pictures (B, 64) and their labels (B,)."""
        for _ in range(steps):
            shape = (self.config.batch,)
            rows = torch.randint(len(self.train.pixels), shape, generator=self.rng)
            yield self.dequantised(self.train.pixels[rows]), self.train.labels[rows]

    def vae(self, latent: int) -> tuple[VAE, float]:
        """A trained VAE, and the mean ELBO of held-out pictures in nats."""
        config, model = self.config, VAE(PIXELS, latent, (128, 128))
        update = adam(model, config.vae_steps)
        for x, _ in self.batches(config.vae_steps):
            update(-elbo(model, x, self.noise(config.batch, latent)).mean())
        x = self.dequantised(self.test.pixels)
        with torch.no_grad():
            bound = elbo(model, x, self.noise(50, len(x), latent)).mean()
        return model, float(bound)

    def diffusion(self) -> tuple[Denoiser, Diffusion, float]:
        """A trained network, its chain, and the mean bound of held-out pictures."""
        config, model = self.config, Denoiser(PIXELS, self.config.width)
        # DDPM's betas for 1000 steps, scaled so that fewer steps add the same noise.
        process = Diffusion(linear(config.chain, 0.1 / config.chain, 20 / config.chain))
        update = adam(model, config.diffusion_steps)
        for x, _ in self.batches(config.diffusion_steps):
            t = torch.randint(1, process.steps + 1, (len(x),), generator=self.rng)
            update(simple_loss(model, process, x, t, self.noise(*x.shape)))
        x = self.dequantised(self.test.pixels)
        with torch.no_grad():
            terms = diffusion_bound(
                model, process, x, self.noise(process.steps, *x.shape)
            )
        return model, process, -float(terms.sum(dim=0).mean())

    def gan(self) -> tuple[Generator, list[CoursePoint], dict[int, Tensor]]:
        """A trained generator, its training course, and samples at several steps."""
        config, steps = self.config, self.config.gan_steps
        generator, critic = Generator(PIXELS, config.gan_latent), Discriminator(PIXELS)
        course, snapshots = [], {}
        update_critic = adam(critic, steps, 5e-4, 0.5)
        update_generator = adam(generator, steps, 5e-4, 0.5)
        latents = self.noise(10, config.gan_latent)
        snapshot_steps = {max(steps * part // 80, 1) for part in (1, 5, 10, 20, 40, 80)}
        for step, (x, _) in enumerate(self.batches(steps), 1):
            fake = generator.sample(len(x), self.rng)
            blurred = fake + config.blur * self.noise(*x.shape)
            real = critic(x + config.blur * self.noise(*x.shape))
            update_critic(-game_value(real, critic(blurred.detach())))
            update_generator(generator_loss(critic(blurred)))
            if step % max(steps // 40, 1) == 0 or step == 1:
                course.append(self._course_point(step, generator, critic))
            if step in snapshot_steps:
                snapshots[step] = generator(latents).detach()
        return generator, course, snapshots

    @torch.no_grad()
    def _course_point(
        self, step: int, generator: Generator, critic: Discriminator
    ) -> CoursePoint:
        """Of training, held-out and generated pictures."""
        pictures = (
            self.dequantised(self.train.pixels),
            self.dequantised(self.test.pixels),
            generator.sample(1000, self.rng),
        )
        train, test, fake = (
            critic(x + self.config.blur * self.noise(*x.shape)) for x in pictures
        )
        return CoursePoint(
            step=step,
            train=_share(train > 0),
            test=_share(test > 0),
            fake=_share(fake < 0),
            loss=round(-float(game_value(train, fake)), 3),
        )

    def _classifier(self) -> Perceptron:
        model = Perceptron(PIXELS, 128, 10)
        update = adam(model, 1500)
        for x, labels in self.batches(1500):
            update(cross_entropy(model(x + 0.2 * self.noise(*x.shape)), labels))
        return model


def _share(correct: Tensor) -> float:
    return round(float(correct.double().mean()), 3)


def adam(
    model: nn.Module, steps: int, rate: float = 2e-3, momentum: float = 0.9
) -> Callable[[Tensor], None]:
    """A function that takes an Adam step on a loss; the rate falls linearly to zero."""
    optimiser = torch.optim.Adam(model.parameters(), rate, (momentum, 0.999))
    scheduler = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.0, max(steps, 1))

    def update(loss: Tensor) -> None:
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        scheduler.step()

    return update
