"""Naive Bayes and logistic regression against scikit-learn, on the same counts."""

from typing import Any

import numpy as np
import torch
from scipy.sparse import csr_array
from sklearn.linear_model import LogisticRegression as ReferenceRegression
from sklearn.naive_bayes import MultinomialNB
from torch import Tensor

from paradigms.data import movie_reviews
from paradigms.data.bag_of_words import Bags
from paradigms.evaluation.benchmarks import race
from paradigms.evaluation.threads import one_thread
from paradigms.models.logistic_regression import LogisticRegression
from paradigms.models.naive_bayes import MultinomialNaiveBayes

PENALTIES = (1e-2, 1e-3)


def run(
    source: movie_reviews.ReviewSource = "imdb",
    vocabulary: int = 20_000,
    counting: int = 15,
    searching: int = 3,
) -> list[dict[str, Any]]:
    """One row for each task; see `race` for its columns.

    `counting` rounds for naive Bayes, `searching` for logistic regression.  Both sides
    have the counts in memory, in their default precision, and one thread: the
    reference's sparse products would not use a second.
    Errors: ValueError if our fitted loss is above the reference's.
    """
    texts, labels = movie_reviews.in_bags(source, vocabulary).train
    with one_thread():
        rows = naive_bayes(texts, labels, counting)
        return rows + [logistic(texts, labels, p, searching) for p in PENALTIES]


def naive_bayes(texts: Bags, labels: Tensor, rounds: int) -> list[dict[str, Any]]:
    """Fitting, and the posteriors of the fitted model."""
    counts, classes = reference_counts(texts), labels.numpy()
    ours, theirs = MultinomialNaiveBayes(), MultinomialNB()

    def their_fit() -> Tensor:
        return torch.from_numpy(theirs.fit(counts, classes).feature_log_prob_.T)

    return [
        race(
            "naive Bayes, fit",
            lambda: ours.fit(texts, labels).log_likelihood,
            their_fit,
            rounds,
        ),
        race(
            "naive Bayes, predict",
            lambda: ours.predict_proba(texts),
            lambda: torch.from_numpy(theirs.predict_proba(counts)),
            rounds,
        ),
    ]


def logistic(
    texts: Bags, labels: Tensor, penalty: float, rounds: int
) -> dict[str, Any]:
    """Fitting; each side stops at a gradient of 1e-4, its default.

    The results compared are the final losses.
    """
    counts, classes = reference_counts(texts), labels.numpy()
    ours = LogisticRegression(penalty=penalty)
    c = 2 / (len(texts) * penalty)  # one weight vector for our two
    theirs = ReferenceRegression(C=c, max_iter=1000)

    def our_fit() -> Tensor:
        ours.fit(texts, labels)
        weights = (ours.weights[:, 1] - ours.weights[:, 0]).double().numpy()
        bias = float(ours.bias[1] - ours.bias[0])
        return loss(counts, classes, weights, bias, penalty)

    def their_fit() -> Tensor:
        theirs.fit(counts, classes)
        return loss(counts, classes, theirs.coef_[0], theirs.intercept_[0], penalty)

    row = race(
        f"logistic regression, fit, penalty {penalty}", our_fit, their_fit, rounds
    )
    check_loss(float(our_fit()), float(their_fit()))
    return row


def reference_counts(texts: Bags) -> csr_array:
    """The same counts in the reference's format, in double precision."""
    rows = texts.rows
    parts = (
        rows.values().double(),
        rows.col_indices().int(),
        rows.crow_indices().int(),
    )
    return csr_array(tuple(part.numpy() for part in parts), shape=tuple(rows.shape))


def loss(
    counts: csr_array,
    labels: np.ndarray,
    weights: np.ndarray,
    bias: float,
    penalty: float,
) -> Tensor:
    """The objective of both: mean log-loss in nats and penalty, in double precision."""
    odds = (2 * labels - 1) * (counts @ weights + bias)
    mean = np.logaddexp(0, -odds).mean()
    return torch.tensor(mean + penalty / 4 * weights @ weights)


def check_loss(ours: float, reference: float) -> None:
    """Errors: ValueError if ours is above the reference's in the first four digits."""
    if ours > reference * (1 + 1e-4):
        raise ValueError(
            f"our loss {ours:.6f} is above the reference's {reference:.6f}"
        )
