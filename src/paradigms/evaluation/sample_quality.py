"""A judge of digits: what it reads in pictures, and how near these are to data."""

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from paradigms.data.digits import quantised, scaled

SURE = 0.9  # the probability from which a reading counts
RARE = 0.01  # the share of pictures below which a digit counts as missing


class DigitClassifier:
    """A classifier of digits, and the training digits that others are compared with.

    Both see whole grey levels only, so that fine noise gives nothing away.
    Shapes: pictures x (N, 64) as scaled by `data.digits`.
    """

    def __init__(self, classifier: nn.Module, data: Tensor) -> None:
        self.classifier, self.data = classifier, data

    @torch.no_grad()
    def read(self, x: Tensor) -> Tensor:
        """The probability of each digit: (N, 10)."""
        return self.classifier(scaled(quantised(x))).softmax(dim=1)

    def scores(self, x: Tensor, test: Tensor) -> dict[str, float]:
        """Sure readings, classes found, and mean distances to and from the pictures.

        Errors: ValueError for pictures of which one is not finite.
        """
        if not bool(x.isfinite().all()):
            raise ValueError("x must hold finite pictures: found NaN or infinity")
        surest, digit = self.read(x).max(dim=1)
        share = torch.bincount(digit[surest >= SURE], minlength=10) / len(x)
        x = scaled(quantised(x))
        return {
            "sure": float((surest >= SURE).double().mean()),
            "classes": float((share >= RARE).sum()),
            "distance to data": nearest_distance(x, self.data),
            "cover": nearest_distance(test, x),
        }


def nearest_distance(x: Tensor, others: Tensor) -> float:
    """The mean distance of each x to the nearest of the others, in units of [-1, 1)."""
    return float(torch.cdist(x, others).amin(dim=1).mean())


def grid(
    judge: DigitClassifier,
    x: Tensor,
    rows: Iterable[str] = (),
    columns: Iterable[str] = (),
) -> dict[str, Any]:
    """Pictures (R, C, 64) as recorded: a letter of base 17 a pixel, and readings.

    A reading is the digit, or `?` where the judge is not sure; labels are optional.
    """
    surest, digit = judge.read(x.flatten(0, 1)).max(dim=1)
    names = [
        str(int(d)) if s >= SURE else "?" for s, d in zip(surest, digit, strict=True)
    ]
    width = x.shape[1]
    return {
        "digits": [
            ["".join(LETTERS[p] for p in picture) for picture in row]
            for row in quantised(x).tolist()
        ],
        "read": ["".join(names[i : i + width]) for i in range(0, len(names), width)],
        "rows": list(rows),
        "columns": list(columns),
    }


LETTERS = "0123456789abcdefg"  # of base 17: a pixel is one letter


def precision_and_coverage(
    judge: DigitClassifier, x: Tensor, test: Tensor, k: int
) -> dict[str, float]:
    """Pictures (N, 64) beside held-out digits (M, 64), in the judge's last features.

    Around each held-out digit lies a ball that just reaches its k-th nearest held-out
    neighbour. `precision`: the share of pictures in at least one ball; `coverage`: the
    share of balls with at least one picture in them. `Frechet`: see `frechet`.
    """
    made, real = (features(judge, pictures) for pictures in (x, test))
    among = torch.cdist(real, real).fill_diagonal_(math.inf)
    reach = among.kthvalue(k, dim=1).values  # (M,)
    inside = torch.cdist(made, real) <= reach  # (N, M)
    return {
        "precision": float(inside.any(dim=1).double().mean()),
        "coverage": float(inside.any(dim=0).double().mean()),
        "Frechet": frechet(made, real),
    }


@torch.no_grad()
def features(judge: DigitClassifier, x: Tensor) -> Tensor:
    """What the judge's classifier sees before its last layer: (N, 128)."""
    return judge.classifier.layers[:-1](scaled(quantised(x))).double()


def frechet(a: Tensor, b: Tensor) -> float:
    """How far apart two normals are that have these means and covariances, squared.

    |m_a - m_b|^2 + tr(A + B - 2 (A B)^(1/2)); the last trace is the sum of the singular
    values of A^(1/2) B^(1/2). Shapes: a (N, D), b (M, D).
    """
    apart = (a.mean(dim=0) - b.mean(dim=0)).square().sum()
    spread = [part.T.cov() for part in (a, b)]
    roots = []
    for matrix in spread:
        values, vectors = torch.linalg.eigh(matrix)
        roots.append(vectors * values.clamp(min=0).sqrt() @ vectors.T)
    shared = torch.linalg.svdvals(roots[0] @ roots[1]).sum()
    return float(apart + spread[0].trace() + spread[1].trace() - 2 * shared)
