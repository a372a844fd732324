"""1,797 handwritten digits of 8x8 pixels, and a split fixed by its seed.

The file comes inside scikit-learn; it is a part of the optical recognition data of
Alpaydin & Kaynak at UCI. A pixel is a whole number from 0 to 16.

Densities need care: a model of real numbers could give whole numbers an unlimited
density. So `scaled` adds uniform noise u in [0, 1) to a pixel first, and then maps
[0, 17) onto [-1, 1): x = (pixel + u) / 8.5 - 1. The mean of log p(x) over u, minus
64 log 8.5 for the change of scale, is a lower bound of log P(pixels).
Source: Theis et al. (2016), section 3.1, for the bound.
"""

import gzip
import hashlib
import math
from functools import cache
from importlib import util
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

PACKAGE = "sklearn"
SHA256 = "09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22"
SIDE, LEVELS = 8, 17
PIXELS = SIDE * SIDE
HALF = LEVELS / 2
LOG_SCALE = PIXELS * math.log(HALF)  # nats that scaling adds to a log density
REMEDY = "pip install --force-reinstall scikit-learn"


class Digits(NamedTuple):
    """Pictures (N, 64) of whole numbers from 0 to 16, and their labels (N,)."""

    pixels: Tensor
    labels: Tensor


def load() -> Digits:
    """All digits, in the order of the file.

    Errors: FileNotFoundError if the package is missing, ValueError if its file changed.
    """
    return _read(data_file())


@cache
def _read(path: Path) -> Digits:
    check_hash(path)
    lines = gzip.decompress(path.read_bytes()).decode("ascii").split()
    table = torch.tensor([[int(value) for value in line.split(",")] for line in lines])
    return Digits(table[:, :PIXELS], table[:, PIXELS])


def split(seed: int = 0) -> tuple[Digits, Digits]:
    """Train and test: four fifths and one fifth, shuffled by the seed."""
    pixels, labels = load()
    dice = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(labels), generator=dice)
    test, train = order[: len(order) // 5], order[len(order) // 5 :]
    return Digits(pixels[train], labels[train]), Digits(pixels[test], labels[test])


def scaled(pixels: Tensor, noise: Tensor | float = 0.5) -> Tensor:
    """Whole numbers 0..16 to real numbers in [-1, 1), by noise from [0, 1); as above.

    Shapes: pixels (N, 64), noise alike or one number -> (N, 64).
    Errors: ValueError for pixels that are not whole numbers from 0 to 16.
    """
    if pixels.is_floating_point() or pixels.numel() == 0:
        raise ValueError(f"pixels must be whole numbers, not empty: {pixels.dtype}")
    low, high = int(pixels.min()), int(pixels.max())
    if low < 0 or high >= LEVELS:
        raise ValueError(f"pixels must lie in 0..{LEVELS - 1}: got {low} to {high}")
    return (pixels + noise) / HALF - 1


def quantised(x: Tensor) -> Tensor:
    """Back to whole numbers; what lies outside [-1, 1) becomes 0 or 16."""
    return ((x + 1) * HALF).floor().clamp(0, LEVELS - 1).long()


def bits_per_pixel(nats: float) -> float:
    """Mean log p(x) of scaled pictures as bits for each whole number: lower is better.

    By the bound above, the true cost of the pictures under the model is at most this.
    """
    return (LOG_SCALE - nats) / (PIXELS * math.log(2))


def data_file() -> Path:
    """Where the installed package keeps its file; the package itself is not imported.

    Errors: FileNotFoundError if the package is missing.
    """
    spec = util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"scikit-learn is missing: {REMEDY}")
    return Path(spec.origin).parent / "datasets" / "data" / "digits.csv.gz"


def check_hash(path: Path) -> None:
    """Raise ValueError if the file is not, byte for byte, the one that was measured."""
    if not path.is_file():
        raise FileNotFoundError(f"{path.name} is missing: {REMEDY}")
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != SHA256:
        raise ValueError(
            f"{path.name} has changed (sha256 {found[:12]}, expected {SHA256[:12]}): "
            f"{REMEDY}"
        )
