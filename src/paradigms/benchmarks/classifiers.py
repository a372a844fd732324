"""Naive Bayes and logistic regression beside scikit-learn, on the same counts."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

import numpy as np
import torch
from scipy.sparse import csr_array
from sklearn.linear_model import LogisticRegression as ReferenceRegression
from sklearn.naive_bayes import MultinomialNB
from threadpoolctl import threadpool_limits
from torch import Tensor

from paradigms.bags import Bags
from paradigms.corpora import movie_reviews
from paradigms.models.logistic_regression import LogisticRegression
from paradigms.models.naive_bayes import MultinomialNaiveBayes

PENALTIES = (1e-2, 1e-3)


def run(
    source: movie_reviews.Source = "imdb",
    vocabulary: int = 20_000,
    counting: int = 15,
    searching: int = 3,
) -> list[dict[str, Any]]:
    """Rows of name, "ours seconds", "reference seconds" and ratio (1: equally long).

    Medians over pairs that take turns: `counting` pairs for naive Bayes, `searching`
    for logistic regression. Both hold the counts already, in their own usual precision,
    and have one thread: the reference's sparse products would not use a second.
    Errors: ValueError if our fitted loss is above the reference's.
    """
    texts, labels = movie_reviews.in_bags(source, vocabulary).train
    with one_thread():
        rows = naive_bayes(texts, labels, counting)
        rows += [logistic(texts, labels, p, searching) for p in PENALTIES]
    return rows


def naive_bayes(texts: Bags, labels: Tensor, count: int) -> list[dict[str, Any]]:
    """Fitting, and the posteriors of what was fitted."""
    counts, known = reference_counts(texts), labels.numpy()
    ours, theirs = MultinomialNaiveBayes(), MultinomialNB()
    return [
        pairs("naive Bayes, fit", count,
              lambda: ours.fit(texts, labels),
              lambda: theirs.fit(counts, known)),
        pairs("naive Bayes, predict", count,
              lambda: ours.predict_proba(texts),
              lambda: theirs.predict_proba(counts)),
    ]  # fmt: skip


def logistic(texts: Bags, labels: Tensor, penalty: float, count: int) -> dict[str, Any]:
    """Fitting; each side stops at a gradient of 1e-4, its default."""
    counts, known = reference_counts(texts), labels.numpy()
    ours = LogisticRegression(penalty=penalty)
    c = 2 / (len(texts) * penalty)  # two classes: one vector for our two
    theirs = ReferenceRegression(C=c, max_iter=1000)
    row = pairs(f"logistic regression, fit, penalty {penalty}", count,
                lambda: ours.fit(texts, labels),
                lambda: theirs.fit(counts, known))  # fmt: skip
    weights = (ours.weights[:, 1] - ours.weights[:, 0]).double().numpy()
    bias = float(ours.bias[1] - ours.bias[0])
    check_loss(
        loss(counts, known, weights, bias, penalty),
        loss(counts, known, theirs.coef_[0], theirs.intercept_[0], penalty),
    )
    return row


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread for torch and for the libraries below NumPy, then as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(before)


def pairs(
    name: str, count: int, ours: Callable[[], Any], reference: Callable[[], Any]
) -> dict[str, Any]:
    """Both run once unmeasured, then in turns; the ratio is the pairs' median."""
    ours(), reference()
    times = [(seconds(ours), seconds(reference)) for _ in range(count)]
    return {
        "name": name,
        "ours seconds": median(mine for mine, _ in times),
        "reference seconds": median(theirs for _, theirs in times),
        "ratio": median(mine / theirs for mine, theirs in times),
    }


def seconds(action: Callable[[], Any]) -> float:
    """How long it takes, by the clock."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def reference_counts(texts: Bags) -> csr_array:
    """The very same counts as the reference takes them, in double precision."""
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
) -> float:
    """What both minimise: mean log-loss in nats and penalty, in double precision."""
    odds = (2 * labels - 1) * (counts @ weights + bias)
    return float(np.logaddexp(0, -odds).mean() + penalty / 4 * weights @ weights)


def check_loss(ours: float, reference: float) -> None:
    """Errors: ValueError if ours is above the reference's in the first four digits."""
    if ours > reference * (1 + 1e-4):
        raise ValueError(
            f"our loss {ours:.6f} is above the reference's {reference:.6f}"
        )
