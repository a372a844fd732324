"""Calibration of predicted probabilities: temperature scaling, Platt scaling.

Source: Guo et al. (2017), section 2 for the error, section 4.2 for the temperature.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from paradigms.models.generative_classifier import Generative
from paradigms.models.logistic_regression import LogisticRegression

Bin = tuple[float, float, int]
THRESHOLD = 0.95  # of the confidence, in selective classification
MINIMUM_COUNT = 50  # of predictions, for a selective accuracy


def reliability(confidence: Tensor, correct: Tensor, bins: int) -> list[Bin]:
    """Mean confidence, accuracy and number of predictions, of bins of equal mass.

    Shapes: confidence and correct (N,); predictions are sorted by their confidence.
    """
    order = confidence.argsort(stable=True)
    parts = order.tensor_split(bins)
    return [
        (float(confidence[part].mean()), float(correct[part].mean()), len(part))
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
    logits: Tensor, labels: Tensor, bins: int, resamples: int
) -> tuple[dict[str, float], list[Bin]]:
    """Accuracy, confidence and calibration error, and the bins of the error.

    `calibration error if calibrated`: the mean error when the outcomes are sampled from
    the confidences, `resamples` times. Coverage: the share of predictions with a
    confidence of at least THRESHOLD. Selective accuracy: the accuracy of these
    predictions, left out if they are few.
    Shapes: logits (N, K), labels (N,).
    """
    p = logits.double().softmax(dim=1)
    confidence, prediction = p.max(dim=1)
    correct = (prediction == labels).double()
    curve = reliability(confidence, correct, bins)
    rng = torch.Generator().manual_seed(0)
    errors = []
    for _ in range(resamples):
        outcomes = torch.bernoulli(confidence, generator=rng)
        errors.append(
            expected_calibration_error(reliability(confidence, outcomes, bins))
        )
    selected = confidence >= THRESHOLD
    scores = {
        "accuracy": float(correct.mean()),
        "confidence": float(confidence.mean()),
        "calibration error": expected_calibration_error(curve),
        "calibration error if calibrated": sum(errors) / len(errors),
        "log-loss": float(cross_entropy(logits.double(), labels)),
        "coverage at confidence 0.95": float(selected.double().mean()),
    }
    if int(selected.sum()) >= MINIMUM_COUNT:
        scores["selective accuracy at confidence 0.95"] = float(
            correct[selected].mean()
        )
    return scores, curve


def class_logits(model: Generative | LogisticRegression, x: Any) -> Tensor:
    """Scores whose softmax is P(Y | X): log P(X, Y) of a generative model. (N, K)"""
    return model.log_joint(x) if isinstance(model, Generative) else model.logits(x)


def platt_scaling(scores: Tensor, labels: Tensor, test_scores: Tensor) -> Tensor:
    """Logits (M, 2) of test scores (M,): a slope and a shift, fitted on scores (N,).

    Logistic regression of the labels (N,) on the score, not penalised; it converges
    slowly for scores of hundreds.
    Source: Platt (1999), without the smoothed targets.
    """
    model = LogisticRegression(2, 0.0).fit(scores[:, None], labels)
    return model.logits(test_scores[:, None])


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
    return float(1 / (low * high) ** 0.5)
