"""The multilayer perceptron, which the generators of 8x8 digits are made of."""

from itertools import pairwise

from torch import nn


def perceptron(*sizes: int) -> nn.Sequential:
    """Linear layers with SiLU between them; of two sizes, a plain linear map.

    Shapes: (..., sizes[0]) -> (..., sizes[-1]).
    Errors: ValueError for fewer than two sizes, or one that is not positive.
    """
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(f"sizes must be two or more positive numbers: {sizes}")
    layers: list[nn.Module] = []
    for width, following in pairwise(sizes):
        layers += [nn.Linear(width, following), nn.SiLU()]
    return nn.Sequential(*layers[:-1])
