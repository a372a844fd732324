"""The noise-predicting network of a diffusion model, and sampling with it.

The input is a noisy picture and the time. Training is that of DDPM; sampling takes T
steps (DDPM) or fewer (DDIM) with the same network.
Source: Ho et al. (2020), section 3.2 and algorithm 2.
"""

import math
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn

from paradigms._checks import check_axes, check_size, check_vectors, finite
from paradigms.layers import Perceptron
from paradigms.models.diffusion import Diffusion


def check_even(width: int) -> None:
    """Errors: ValueError unless an even integer of at least 2: sines and cosines."""
    check_size(width, "width")
    if width % 2:
        raise ValueError(f"width must be even: {width}")


def time_embedding(t: Tensor, width: int) -> Tensor:
    """Sinusoidal embedding of t: (B,) -> (B, width).

    Errors: ValueError for a width that is not even and at least 2, or another shape.
    Source: Vaswani et al. (2017), section 3.5.
    """
    check_even(width)
    check_axes(t, "B", "t")
    exponent = torch.arange(width // 2, device=t.device) / (width // 2)
    angle = t[:, None] * (-math.log(10_000) * exponent).exp()  # (B, width / 2)
    return torch.cat([angle.sin(), angle.cos()], dim=1)


class Denoiser(nn.Module):
    """The predicted noise epsilon(x_t, t) of a noisy picture.

    Shapes: x (B, D), t (B,) of integers -> (B, D).
    Errors: ValueError for invalid sizes or an odd width; for an x that is empty, not
    finite or of another width, for times of another dtype or below 0, and for weights
    that are not finite.  Source: Ho et al. (2020), section 3.2.
    """

    def __init__(self, pixels: int, width: int = 256, blocks: int = 3) -> None:
        super().__init__()
        check_size(pixels, "pixels")
        check_size(blocks, "blocks")
        check_even(width)
        self.pixels, self.width = pixels, width
        self.time = Perceptron(width, width, width)
        self.read = nn.Linear(pixels, width)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(width), Perceptron(width, width, width))
            for _ in range(blocks)
        )
        self.write = nn.Linear(width, pixels)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        check_vectors(x, self.pixels, "x")
        if t.shape != x.shape[:1]:
            raise ValueError(f"t must be of shape ({len(x)},): {tuple(t.shape)}")
        if t.dtype != torch.long or int(t.min()) < 0:
            raise ValueError(f"t must be whole numbers from 0 on: {t}")
        time = self.time(time_embedding(t, self.width))  # (B, W)
        h = self.read(x)  # (B, W)
        for block in self.blocks:
            h = h + block(h + time)
        return finite(self.write(h), "the predicted noise")  # (B, D)


@torch.no_grad()
def draw(
    network: Callable[[Tensor, Tensor], Tensor],
    process: Diffusion,
    x: Tensor,
    rng: torch.Generator,
    steps: int | None = None,
    eta: float = 0.0,
) -> list[Tensor]:
    """Sample from noise x_T, by DDPM in T steps or by DDIM in `steps`.

    Returns x after every step, from the noise to the picture, each (B, D). There is one
    network call per step.
    Errors: ValueError for a number of steps outside 1..T, an eta outside 0..1, or an
    eta without steps.  Source: Ho et al. (2020), algorithm 2; Song et al. (2021).
    """
    count = process.steps if steps is None else steps
    if not 1 <= count <= process.steps:
        raise ValueError(f"steps must lie in 1..{process.steps}: {steps}")
    check_size(count, "steps")
    if steps is None and eta != 0:
        raise ValueError(f"eta is DDIM's, and needs steps; without them 0: {eta}")
    times = torch.linspace(process.steps, 0, count + 1).round().long().tolist()
    states = [x]
    for time, next_time in pairwise(times):
        t, to = torch.full((len(x),), time), torch.full((len(x),), next_time)
        epsilon = network(states[-1], t)
        if steps is None:
            reverse = process.ddpm(states[-1], epsilon, t)
        else:
            reverse = process.ddim(states[-1], epsilon, t, to, eta)
        noise = torch.randn(x.shape, generator=rng, dtype=x.dtype)
        # The last step adds no noise.
        states.append(reverse.sample(noise) if next_time else reverse.mean)
    return states
