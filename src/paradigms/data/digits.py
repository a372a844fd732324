"""1,797 handwritten digits of 8x8 pixels, and a split fixed by its seed.

The file is part of scikit-learn, from the optical recognition data of Alpaydin &
Kaynak at UCI. A pixel is an integer from 0 to 16.

A density model could give integer pixels an unbounded density, so `scale`
dequantises: it adds uniform noise u in [0, 1) to a pixel and maps [0, 17) onto
[-1, 1): x = (pixel + u) / 8.5 - 1. The mean of log p(x) over u, minus 64 log 8.5 for
the change of scale, is a lower bound of log P(pixels).
Source: Theis et al. (2016), section 3.1, for the bound.
"""

import gzip
import math
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from paradigms.data.package_files import PackageFile

FILE = PackageFile(
    "sklearn",
    "datasets/data/digits.csv.gz",
    "09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22",
    "pip install --force-reinstall scikit-learn",
)
SIDE, LEVELS = 8, 17
PIXELS = SIDE * SIDE
HALF = LEVELS / 2
LOG_SCALE = PIXELS * math.log(HALF)  # nats that scaling adds to a log density


class LabelledDigits(NamedTuple):
    """Pictures (N, 64) of integers from 0 to 16, and their labels (N,)."""

    pixels: Tensor
    labels: Tensor


@cache
def load() -> LabelledDigits:
    """All digits, in the order of the file.

    Errors: FileNotFoundError if the package is missing, ValueError if its file changed.
    """
    lines = gzip.decompress(FILE.path().read_bytes()).decode("ascii").split()
    table = torch.tensor([[int(value) for value in line.split(",")] for line in lines])
    return LabelledDigits(table[:, :PIXELS], table[:, PIXELS])


def split(seed: int = 0) -> tuple[LabelledDigits, LabelledDigits]:
    """Train and test: four fifths and one fifth, shuffled by the seed."""
    pixels, labels = load()
    rng = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(labels), generator=rng)
    test, train = order[: len(order) // 5], order[len(order) // 5 :]
    return LabelledDigits(pixels[train], labels[train]), LabelledDigits(
        pixels[test], labels[test]
    )


def scale(pixels: Tensor, noise: Tensor | float = 0.5) -> Tensor:
    """Dequantise integers 0..16 to [-1, 1) with noise from [0, 1), as above.

    Shapes: pixels (N, 64), noise of the same shape or one number -> (N, 64).
    Errors: ValueError for pixels that are not integers from 0 to 16.
    """
    if pixels.is_floating_point() or pixels.numel() == 0:
        raise ValueError(f"pixels must be whole numbers, not empty: {pixels.dtype}")
    low, high = int(pixels.min()), int(pixels.max())
    if low < 0 or high >= LEVELS:
        raise ValueError(f"pixels must lie in 0..{LEVELS - 1}: got {low} to {high}")
    return (pixels + noise) / HALF - 1


def quantise(x: Tensor) -> Tensor:
    """Back to integers; values outside [-1, 1) become 0 or 16."""
    return ((x + 1) * HALF).floor().clamp(0, LEVELS - 1).long()


def bits_per_pixel(nats: float) -> float:
    """Bits per pixel from the mean log p(x) of scaled pictures; lower is better.

    By the bound above, at least the model's -log2 P(pixels) per pixel.
    """
    return (LOG_SCALE - nats) / (PIXELS * math.log(2))
