"""Variational autoencoder: a latent z ~ N(0, I), and a decoder p(x | z).

The likelihood is an intractable integral over z. A second network, the encoder,
approximates the posterior q(z | x), which gives a lower bound.
Without hidden layers the decoder is that of probabilistic PCA (Tipping & Bishop, 1999).
Source: Kingma & Welling (2014), sections 2 and 3.
"""

import torch
from torch import Tensor, nn

from paradigms._checks import check_vectors, finite
from paradigms.layers import Perceptron
from paradigms.layers.distributions import Gaussian


class VAE(nn.Module):
    """Encoder q(z | x) and decoder p(x | z), Gaussians with diagonal covariance.

    One learned variance is shared by all pixels. The objective is `objectives.elbo`.
    Shapes: x (B, D), noise (..., B, Z) -> q of (B, Z) and p of (..., B, D).
    Errors: ValueError for an x or z that is empty, not finite or of another width, for
    noise or weights that are not finite.
    """

    def __init__(
        self, pixels: int, latent: int, hidden: tuple[int, ...] = (256, 256)
    ) -> None:
        super().__init__()
        self.pixels, self.latent = pixels, latent
        self.encoder = Perceptron(pixels, *hidden, 2 * latent)
        self.decoder = Perceptron(latent, *reversed(hidden), pixels)
        self.log_variance = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor, noise: Tensor) -> tuple[Gaussian, Gaussian]:
        posterior = self.encode(x)
        # (..., B, Z), differentiable in the encoder
        z = posterior.sample(finite(noise, "noise"))
        return posterior, self.decode(z)

    def encode(self, x: Tensor) -> Gaussian:
        """q(z | x), the approximate posterior. (..., B, D) -> (..., B, Z)"""
        check_vectors(x, self.pixels, "x", draws=True)
        output = finite(self.encoder(x))  # (B, 2 Z)
        mean, log_variance = output.chunk(2, dim=-1)  # (B, Z), (B, Z)
        return Gaussian(mean, finite(log_variance.exp(), "the variance of z"))

    def decode(self, z: Tensor) -> Gaussian:
        """p(x | z): the mean picture, and the variance. (..., B, Z) -> (..., B, D)"""
        check_vectors(z, self.latent, "z", draws=True)
        variance = finite(self.log_variance.exp(), "the variance of a pixel")  # (1,)
        return Gaussian(finite(self.decoder(z)), variance)

    @torch.no_grad()
    def sample(self, count: int, rng: torch.Generator) -> Tensor:
        """Means of p(x | z) for z ~ N(0, I), in one pass: (count, D).

        The noise of the pixels is left out, as is usual for pictures.
        """
        return self.decode(torch.randn(count, self.latent, generator=rng)).mean
