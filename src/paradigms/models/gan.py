"""Generative adversarial network: a generator and a discriminator.

The generator maps noise to x; it has no density p(x), no bound on it, and no inverse
from x to z. The discriminator is used in training only.
Source: Goodfellow et al. (2014), section 3.
"""

import torch
from torch import Tensor, nn

from paradigms._checks import check_vectors, finite
from paradigms.layers import Perceptron


class Generator(nn.Module):
    """Noise to a picture with pixels between -1 and 1, in one pass.

    Shapes: z (B, Z) -> x (B, D).
    Errors: ValueError for a z that is empty, not finite or of another width, or for
    weights that are not finite.
    """

    def __init__(
        self, pixels: int, latent: int, hidden: tuple[int, ...] = (128, 256)
    ) -> None:
        super().__init__()
        self.latent = latent
        self.network = Perceptron(latent, *hidden, pixels)

    def forward(self, z: Tensor) -> Tensor:
        check_vectors(z, self.latent, "z")
        picture: Tensor = self.network(z)
        return finite(picture).tanh()  # (B, D)

    def sample(self, count: int, rng: torch.Generator) -> Tensor:
        """Pictures for z ~ N(0, I), (count, D), differentiable in the weights."""
        pictures: Tensor = self(torch.randn(count, self.latent, generator=rng))
        return pictures


class Discriminator(nn.Module):
    """A picture to one logit: its sigmoid is D(x), the probability that x is real.

    Shapes: x (B, D) -> logits (B,).
    Errors: ValueError for an x that is empty, not finite or of another width, or for
    weights that are not finite.
    """

    def __init__(
        self, pixels: int, hidden: tuple[int, ...] = (256, 128), dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.pixels = pixels
        self.dropout = nn.Dropout(dropout)  # on the pixels, against memorisation
        self.network = Perceptron(pixels, *hidden, 1)

    def forward(self, x: Tensor) -> Tensor:
        check_vectors(x, self.pixels, "x")
        return finite(self.network(self.dropout(x))).squeeze(-1)  # (B,)
