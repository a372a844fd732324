"""What probabilities say beside what comes true, and one number that corrects them.

Source: Guo et al. (2017), section 2 for the error, section 4.2 for the temperature.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

Bin = tuple[float, float, int]
SURE, FEWEST = 0.95, 50  # answers that are called sure; fewer are not judged


def reliability(confidence: Tensor, right: Tensor, bins: int) -> list[Bin]:
    """Mean confidence, share of right answers and number, of bins of equal mass.

    Shapes: confidence and right (N,); the answers are sorted by their confidence.
    """
    order = confidence.argsort(stable=True)
    parts = order.tensor_split(bins)
    return [
        (float(confidence[part].mean()), float(right[part].mean()), len(part))
        for part in parts
    ]


def expected_calibration_error(bins: list[Bin]) -> float:
    """The expected calibration error: the mean distance of said and come true."""
    total = sum(count for _, _, count in bins)
    return sum(abs(said - came) * count for said, came, count in bins) / total


def calibration_report(
    logits: Tensor, labels: Tensor, bins: int, redraws: int
) -> dict[str, Any]:
    """What the probabilities say, and what came true: logits (N, K), labels (N,).

    `by chance`: the error if they were exactly right, over `redraws` draws of labels.
    """
    p = logits.double().softmax(dim=1)
    confidence, answer = p.max(dim=1)
    right = (answer == labels).double()
    found = reliability(confidence, right, bins)
    dice = torch.Generator().manual_seed(0)
    chance = []
    for _ in range(redraws):
        drawn = torch.bernoulli(confidence, generator=dice)
        chance.append(expected_calibration_error(reliability(confidence, drawn, bins)))
    sure = confidence >= SURE
    row = {
        "accuracy": float(right.mean()),
        "confidence": float(confidence.mean()),
        "calibration error": expected_calibration_error(found),
        "by chance": sum(chance) / len(chance),
        "log-loss": float(cross_entropy(logits.double(), labels)),
        "sure": float(sure.double().mean()),
        "bins": [[said, came] for said, came, _ in found],
    }
    if int(sure.sum()) >= FEWEST:
        row["right when sure"] = float(right[sure].mean())
    return row


def fit_temperature(logits: Tensor, labels: Tensor) -> float:
    """The number that the logits (N, K) are to be divided by, for the least log-loss.

    The log-loss is convex in 1 / temperature, and the sign of its slope is halved.
    Source: Guo et al. (2017), section 4.2.
    """
    logits = logits.double()
    given = logits.gather(1, labels[:, None])[:, 0]
    low, high = 1e-4, 1e4  # of 1 / temperature
    for _ in range(60):
        middle = (low * high) ** 0.5
        expected = ((middle * logits).softmax(dim=1) * logits).sum(dim=1)
        if float((expected - given).mean()) > 0:  # the log-loss rises from here on
            high = middle
        else:
            low = middle
    return 1 / (low * high) ** 0.5
