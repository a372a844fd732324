"""The multilayer perceptron of VAE, GAN and denoiser."""

from itertools import pairwise

from torch import Tensor, nn


class Perceptron(nn.Module):
    """Linear layers with SiLU between them; for two sizes, one linear layer.

    Shapes: (..., sizes[0]) -> (..., sizes[-1]).
    Errors: ValueError for fewer than two sizes, or one that is not positive.
    """

    def __init__(self, *sizes: int) -> None:
        super().__init__()
        if len(sizes) < 2 or min(sizes) < 1:
            raise ValueError(f"sizes must be two or more positive numbers: {sizes}")
        layers: list[nn.Module] = []
        for width, next_width in pairwise(sizes):
            layers += [nn.Linear(width, next_width), nn.SiLU()]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.layers(x)
        return output
