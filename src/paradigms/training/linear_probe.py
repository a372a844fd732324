"""Linear probes: labels read from frozen states by logistic regression."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from paradigms.models.logistic_regression import LogisticRegression


class Labelled(NamedTuple):
    """Texts (N, T), states or counts (N, F), with their labels (N,)."""

    x: Tensor
    labels: Tensor


class Score(NamedTuple):
    """Error rate, mean log-loss in nats, and accuracy.

    In a comparison the loss breaks ties of the error.
    """

    error: float
    loss: float
    accuracy: float


def score(logits: Tensor, labels: Tensor) -> Score:
    """The score of logits (N, K) for labels (N,)."""
    correct = (logits.argmax(dim=1) == labels).double()
    loss = cross_entropy(logits.detach().double(), labels)
    return Score(float((1 - correct).mean()), float(loss), float(correct.mean()))


def standardise(train: Tensor, *others: Tensor) -> list[Tensor]:
    """Each part (N, F) in standard deviations from the mean of the first.

    A feature that is constant in the first part has deviation 1e-6.
    """
    std, mean = torch.std_mean(train, dim=0)
    return [(part - mean) / std.clamp(min=1e-6) for part in (train, *others)]


def linear_probe(
    train: Labelled, *others: Labelled, penalty: float = 0.01
) -> list[Score]:
    """Fit logistic regression on frozen states; its score on every other part."""
    model = LogisticRegression(2, penalty).fit(train.x.double(), train.labels)
    return [score(model.logits(part.x.double()), part.labels) for part in others]


def probe_states(
    train: Labelled, *others: Labelled, penalty: float = 0.01
) -> list[Score]:
    """`linear_probe` of states in standard deviations of the training part."""
    parts = (train, *others)
    states = standardise(*(part.x.double() for part in parts))
    return linear_probe(
        *(Labelled(x, part.labels) for x, part in zip(states, parts, strict=True)),
        penalty=penalty,
    )
