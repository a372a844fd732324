"""Quality of generated digits: a classifier's predictions, distances to data."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from paradigms.data.digits import quantise, scale
from paradigms.layers import Perceptron

THRESHOLD = 0.9  # of the confidence of the classifier
RARE = 0.01  # the share of pictures below which a digit counts as missing
# Names of scores.
CONFIDENT = "classifier confidence at least 0.9"
TRAINING_DISTANCE = "distance to training digits"
SAMPLE_DISTANCE = "distance of held-out digits to samples"
# Without matrix products, which lose the digits of small distances: (N, D), (M, D).
_distances = partial(torch.cdist, compute_mode="donot_use_mm_for_euclid_dist")


class DigitClassifier:
    """A classifier of digits, and the training digits for comparison.

    Pictures are quantised first, so that fine noise has no effect.
    Shapes: pictures x (N, 64) as scaled by `data.digits`.
    """

    def __init__(self, classifier: Perceptron, data: Tensor) -> None:
        self.classifier, self.data = classifier, data

    @torch.no_grad()
    def predict_proba(self, x: Tensor) -> Tensor:
        """The probability of each digit: (N, 10)."""
        logits: Tensor = self.classifier(scale(quantise(x)))
        return logits.softmax(dim=1)

    def scores(self, x: Tensor, test: Tensor) -> dict[str, float]:
        """Share of confident predictions, number of classes, mean nearest distances.

        Errors: ValueError if a picture is not finite.
        """
        if not bool(x.isfinite().all()):
            raise ValueError("x must hold finite pictures: found NaN or infinity")
        confidence, digit = self.predict_proba(x).max(dim=1)
        share = torch.bincount(digit[confidence >= THRESHOLD], minlength=10) / len(x)
        x = scale(quantise(x))
        return {
            CONFIDENT: float((confidence >= THRESHOLD).double().mean()),
            "classes": float((share >= RARE).sum()),
            TRAINING_DISTANCE: nearest_distance(x, self.data),
            SAMPLE_DISTANCE: nearest_distance(test, x),
        }


def nearest_distance(x: Tensor, others: Tensor) -> float:
    """The mean distance of each x to the nearest of the others, in units of [-1, 1)."""
    return float(_distances(x, others).amin(dim=1).mean())


@dataclass(frozen=True)
class Grid:
    """Pictures in rows: a base-17 digit per pixel; the predictions of each row.

    A prediction is the digit, or `?` if its confidence is below THRESHOLD; labels of
    rows and columns are optional.
    """

    digits: list[list[str]]
    predictions: list[str]
    rows: list[str]
    columns: list[str]


def grid(
    judge: DigitClassifier,
    x: Tensor,
    rows: Iterable[str] = (),
    columns: Iterable[str] = (),
) -> Grid:
    """Pictures (R, C, 64) with their predictions."""
    confidence, digit = judge.predict_proba(x.flatten(0, 1)).max(dim=1)
    predictions = [
        str(int(label)) if probability >= THRESHOLD else "?"
        for probability, label in zip(confidence, digit, strict=True)
    ]
    width = x.shape[1]
    return Grid(
        digits=[
            ["".join(LETTERS[p] for p in picture) for picture in row]
            for row in quantise(x).tolist()
        ],
        predictions=[
            "".join(predictions[i : i + width])
            for i in range(0, len(predictions), width)
        ],
        rows=list(rows),
        columns=list(columns),
    )


LETTERS = "0123456789abcdefg"  # base-17 digits, one per pixel


def precision_and_coverage(
    judge: DigitClassifier, x: Tensor, test: Tensor, k: int
) -> dict[str, float]:
    """Pictures (N, 64) against held-out digits (M, 64), in the judge's features.

    Around each held-out digit lies a ball that just reaches its k-th nearest held-out
    neighbour. `precision`: the share of pictures in at least one ball; `coverage`: the
    share of balls with at least one picture in them. `Frechet`: see `frechet`.
    """
    generated, real = (features(judge, pictures) for pictures in (x, test))
    distances = _distances(real, real).fill_diagonal_(math.inf)
    radii = distances.kthvalue(k, dim=1).values  # (M,)
    inside = _distances(generated, real) <= radii  # (N, M)
    return {
        "precision": float(inside.any(dim=1).double().mean()),
        "coverage": float(inside.any(dim=0).double().mean()),
        "Frechet": frechet(generated, real),
    }


@torch.no_grad()
def features(judge: DigitClassifier, x: Tensor) -> Tensor:
    """The inputs of the classifier's last layer: (N, 128)."""
    states: Tensor = judge.classifier.layers[:-1](scale(quantise(x)))
    return states.double()


def frechet(a: Tensor, b: Tensor) -> float:
    """The squared Frechet distance of two normals with these means and covariances.

    |m_a - m_b|^2 + tr(A + B - 2 (A B)^(1/2)); the last trace is the sum of the singular
    values of A^(1/2) B^(1/2). Shapes: a (N, D), b (M, D).
    """
    mean_term = (a.mean(dim=0) - b.mean(dim=0)).square().sum()
    covariances = [sample.T.cov() for sample in (a, b)]
    roots = []
    for matrix in covariances:
        values, vectors = torch.linalg.eigh(matrix)
        roots.append(vectors * values.clamp(min=0).sqrt() @ vectors.T)
    cross_trace = torch.linalg.svdvals(roots[0] @ roots[1]).sum()
    return float(
        mean_term + covariances[0].trace() + covariances[1].trace() - 2 * cross_trace
    )
