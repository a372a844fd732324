"""Naive Bayes beside logistic regression on the same counts of real reviews."""

from dataclasses import dataclass
from itertools import product

from paradigms.data import movie_reviews
from paradigms.evaluation.calibration import class_logits
from paradigms.evaluation.statistics import intervals
from paradigms.experiments.outcome import Outcome, Row
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.models.logistic_regression import LogisticRegression
from paradigms.models.naive_bayes import MultinomialNaiveBayes

QUESTION = (
    "How well do the two classifiers do on real reviews, on the same word counts?"
)


@dataclass(frozen=True)
class ReviewClassifiersConfig:
    """Each split seed draws other training, validation and test reviews."""

    sources: tuple[movie_reviews.ReviewSource, ...] = ("imdb", "rotten_tomatoes")
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    vocabulary: int = 20_000
    smoothings: tuple[float, ...] = (0.1, 1.0, 10.0)
    penalties: tuple[float, ...] = (1e-4, 1e-3, 1e-2)
    example: str = "This movie is great!"


CONFIG = ReviewClassifiersConfig()
Model = MultinomialNaiveBayes | LogisticRegression


SHARES = (
    "accuracy",
    "P(positive | example)",
    "beyond 0.99",
    "mistakes beyond 0.99",
)


def run(config: ReviewClassifiersConfig, each: Each = serial_map) -> Outcome:
    """A row per source, and per source and model; log-loss in nats, shares of 1.

    A review can be in the test parts of several splits, so predictions are not pooled.
    """
    cells = list(product(config.sources, config.seeds))
    results = dict(
        zip(cells, each(cells, lambda cell: split_scores(config, *cell)), strict=True)
    )
    rows: list[Row] = []
    for source in config.sources:
        rows.append({"name": source, "reviews": len(movie_reviews.load(source))})
        runs = [results[source, seed] for seed in config.seeds]
        rows += [
            {"name": f"{source} {model}"}
            | intervals([run[model] for run in runs], SHARES)
            for model in runs[0]
        ]
    return Outcome(rows)


def split_scores(
    config: ReviewClassifiersConfig, source: movie_reviews.ReviewSource, seed: int
) -> dict[str, dict[str, float]]:
    """The scores of both models, each with its best setting on validation reviews."""
    corpus = movie_reviews.in_bags(source, config.vocabulary, seed)
    candidates: dict[str, list[Model]] = {
        "naive Bayes": [MultinomialNaiveBayes(smoothing=s) for s in config.smoothings],
        "logistic regression": [
            LogisticRegression(penalty=p) for p in config.penalties
        ],
    }
    results = {}
    for name, models in candidates.items():
        for model in models:
            model.fit(*corpus.train)
        best = min(models, key=lambda model: log_loss(model, corpus.validation))
        results[name] = scores(best, corpus, config.example)
    return results


def log_loss(model: Model, reviews: movie_reviews.CountedReviews) -> float:
    """Mean of -log P(label | text), in nats; from logits, so that none is clipped."""
    log_p = class_logits(model, reviews.texts).log_softmax(dim=1)
    return float(-log_p.gather(1, reviews.labels[:, None]).mean())


def scores(
    model: Model, corpus: movie_reviews.Corpus, example: str
) -> dict[str, float]:
    """Scores on the test reviews, and the answer to an example."""
    confidence, answer = model.predict_proba(corpus.test.texts).max(dim=1)  # (N,), (N,)
    wrong, certain = answer != corpus.test.labels, confidence > 0.99
    return {
        "accuracy": float((~wrong).double().mean()),
        "log-loss": log_loss(model, corpus.test),
        "P(positive | example)": float(
            model.predict_proba(corpus.encode(example))[0, 1]
        ),
        "beyond 0.99": float(certain.double().mean()),
        "mistakes beyond 0.99": float(certain[wrong].double().mean()),
    }


def smaller() -> ReviewClassifiersConfig:
    """The same experiment, small enough for a test."""
    return ReviewClassifiersConfig(
        sources=("rotten_tomatoes",), seeds=(0, 1), vocabulary=5000
    )
