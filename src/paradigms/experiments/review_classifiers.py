"""Naive Bayes beside logistic regression on the same counts of real reviews."""

from dataclasses import dataclass
from itertools import product
from typing import Any

from torch import Tensor

from paradigms.data import movie_reviews
from paradigms.evaluation.statistics import t_interval
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.models.logistic_regression import LogisticRegression
from paradigms.models.naive_bayes import MultinomialNaiveBayes

QUESTION = (
    "How well do the two classifiers do on real reviews, on the same word counts?"
)


@dataclass(frozen=True)
class ReviewClassifiersConfig:
    """Each split seed draws other training, validation and test reviews."""

    sources: tuple[movie_reviews.Source, ...] = ("imdb", "rotten_tomatoes")
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    vocabulary: int = 20_000
    smoothings: tuple[float, ...] = (0.1, 1.0, 10.0)
    penalties: tuple[float, ...] = (1e-4, 1e-3, 1e-2)
    example: str = "This movie is great!"


CONFIG = ReviewClassifiersConfig()


def run(
    config: ReviewClassifiersConfig, each: Each = serial_map
) -> list[dict[str, Any]]:
    """A row per source, and per source and model; log-loss in nats, shares of 1."""

    def scores(split: tuple[movie_reviews.Source, int]) -> dict[str, dict[str, float]]:
        data = movie_reviews.in_bags(split[0], config.vocabulary, split[1])
        models = fitted(config, data)
        return {n: _score(model, data, config.example) for n, model in models.items()}

    splits = list(product(config.sources, config.seeds))
    results = list(zip(splits, each(splits, scores), strict=True))
    rows = []
    for source in config.sources:
        rows.append({"name": source, "reviews": len(movie_reviews.load(source))})
        of_source = [result for split, result in results if split[0] == source]
        for name in of_source[0]:
            values = [result[name] for result in of_source]
            rows.append({"name": f"{source} {name}", **_summary(values)})
    return rows


def _summary(scores: list[dict[str, float]]) -> dict[str, list[float]]:
    """Mean and interval of each score over the splits.

    A review can be in the test parts of several splits, so predictions are not pooled.
    """
    return {
        column: t_interval(tuple(s[column] for s in scores)) for column in scores[0]
    }


def fitted(
    config: ReviewClassifiersConfig, data: movie_reviews.Corpus
) -> dict[str, Any]:
    """Both models, each with the setting that does best on the validation reviews."""
    train, held_out = data.train, data.validation
    bayes = [MultinomialNaiveBayes(smoothing=s).fit(*train) for s in config.smoothings]
    logistic = [LogisticRegression(penalty=p).fit(*train) for p in config.penalties]
    return {
        "naive Bayes": min(bayes, key=lambda m: log_loss(m, held_out)),
        "logistic regression": min(logistic, key=lambda m: log_loss(m, held_out)),
    }


def log_loss(model: Any, reviews: movie_reviews.Counted) -> float:
    """Mean of -log P(label | text), in nats; from logits, so that none is clipped."""
    label_log_p = _log_p(model, reviews.texts).gather(1, reviews.labels[:, None])
    return float(-label_log_p.mean())


def _log_p(model: Any, texts: Any) -> Tensor:
    """Log P(Y | X) of either model: (N, K)."""
    generative = isinstance(model, MultinomialNaiveBayes)
    scores = model.log_joint(texts) if generative else model.logits(texts)
    return scores.log_softmax(dim=1)


def _score(model: Any, data: movie_reviews.Corpus, example: str) -> dict[str, float]:
    confidence, answer = model.predict_proba(data.test.texts).max(dim=1)  # (N,), (N,)
    wrong, certain = answer != data.test.labels, confidence > 0.99
    return {
        "accuracy": float((~wrong).double().mean()),
        "log-loss": log_loss(model, data.test),
        "P(positive | example)": float(model.predict_proba(data.encode(example))[0, 1]),
        "beyond 0.99": float(certain.double().mean()),
        "mistakes beyond 0.99": float(certain[wrong].double().mean()),
    }


def smaller() -> ReviewClassifiersConfig:
    """The same experiment, small enough for a test."""
    return ReviewClassifiersConfig(
        sources=("rotten_tomatoes",), seeds=(0, 1), vocabulary=5000
    )
