"""Calibration of predicted probabilities, and temperature scaling.

Source: Guo et al. (2017), section 2 for the error, section 4.2 for the temperature.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

Bin = tuple[float, float, int]
SURE, FEWEST = 0.95, 50  # confidence of sure answers; minimum number for their accuracy


def reliability(confidence: Tensor, right: Tensor, bins: int) -> list[Bin]:
    """Mean confidence, accuracy and number of answers, of bins of equal mass.

    Shapes: confidence and right (N,); the answers are sorted by their confidence.
    """
    order = confidence.argsort(stable=True)
    parts = order.tensor_split(bins)
    return [
        (float(confidence[part].mean()), float(right[part].mean()), len(part))
        for part in parts
    ]


def expected_calibration_error(bins: list[Bin]) -> float:
    """The mean distance of confidence and accuracy, weighted by number."""
    total = sum(count for _, _, count in bins)
    return (
        sum(abs(predicted - observed) * count for predicted, observed, count in bins)
        / total
    )


def calibration_report(
    logits: Tensor, labels: Tensor, bins: int, redraws: int
) -> dict[str, Any]:
    """Accuracy, confidence and calibration error: logits (N, K), labels (N,).

    `by chance`: the mean error if calibrated, over `redraws` random draws of outcomes.
    """
    p = logits.double().softmax(dim=1)
    confidence, answer = p.max(dim=1)
    right = (answer == labels).double()
    curve = reliability(confidence, right, bins)
    rng = torch.Generator().manual_seed(0)
    errors = []
    for _ in range(redraws):
        outcomes = torch.bernoulli(confidence, generator=rng)
        errors.append(
            expected_calibration_error(reliability(confidence, outcomes, bins))
        )
    sure = confidence >= SURE
    row = {
        "accuracy": float(right.mean()),
        "confidence": float(confidence.mean()),
        "calibration error": expected_calibration_error(curve),
        "by chance": sum(errors) / len(errors),
        "log-loss": float(cross_entropy(logits.double(), labels)),
        "sure": float(sure.double().mean()),
        "bins": [[predicted, observed] for predicted, observed, _ in curve],
    }
    if int(sure.sum()) >= FEWEST:
        row["right when sure"] = float(right[sure].mean())
    return row


def fit_temperature(logits: Tensor, labels: Tensor) -> float:
    """The temperature that minimises the log-loss of logits (N, K) / temperature.

    The log-loss is convex in 1 / temperature: bisection on the sign of its slope.
    Source: Guo et al. (2017), section 4.2.
    """
    logits = logits.double()
    label_logits = logits.gather(1, labels[:, None])[:, 0]
    low, high = 1e-4, 1e4  # of 1 / temperature
    for _ in range(60):
        middle = (low * high) ** 0.5
        expected = ((middle * logits).softmax(dim=1) * logits).sum(dim=1)
        # The log-loss rises from here on.
        if float((expected - label_logits).mean()) > 0:
            high = middle
        else:
            low = middle
    return 1 / (low * high) ** 0.5
