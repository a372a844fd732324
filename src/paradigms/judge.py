"""A judge of digits: what it reads in pictures, and how near these are to data."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from paradigms.corpora.digits import quantised, scaled

SURE = 0.9  # the probability from which a reading counts
RARE = 0.01  # the share of pictures below which a digit counts as missing


class Judge:
    """A classifier of digits, and the training digits that others are compared with.

    Both see whole grey levels only, so that fine noise gives nothing away.
    Shapes: pictures x (N, 64) as scaled by `corpora.digits`.
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
            "distance to data": nearest(x, self.data),
            "cover": nearest(test, x),
        }


def nearest(x: Tensor, others: Tensor) -> float:
    """The mean distance of each x to the nearest of the others, in units of [-1, 1)."""
    return float(torch.cdist(x, others).amin(dim=1).mean())


def grid(
    judge: Judge, x: Tensor, rows: Iterable[str] = (), columns: Iterable[str] = ()
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
