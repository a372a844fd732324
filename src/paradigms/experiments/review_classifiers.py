"""Naive Bayes beside logistic regression on the same counts of real reviews."""

from dataclasses import dataclass
from typing import Any

from paradigms.corpora import movie_reviews
from paradigms.intervals import interval, share
from paradigms.models.logistic_regression import LogisticRegression
from paradigms.models.naive_bayes import MultinomialNaiveBayes

QUESTION = (
    "How well do the two classifiers do on real reviews, on the same word counts?"
)


@dataclass(frozen=True)
class Config:
    """Each split seed draws other training, validation and test reviews."""

    sources: tuple[movie_reviews.Source, ...] = ("imdb", "rotten_tomatoes")
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    vocabulary: int = 20_000
    smoothings: tuple[float, ...] = (0.1, 1.0, 10.0)
    penalties: tuple[float, ...] = (1e-4, 1e-3, 1e-2)
    example: str = "This movie is great!"


CONFIG = Config()


def run(config: Config) -> list[dict[str, Any]]:
    """A row per source, and per source and model; log-loss in nats, shares of 1."""
    rows = []
    for source in config.sources:
        scores: dict[str, list[dict[str, float]]] = {}
        for seed in config.seeds:
            data = movie_reviews.in_bags(source, config.vocabulary, seed)
            for name, model in fitted(config, data).items():
                scores.setdefault(name, []).append(_score(model, data, config.example))
        rows.append({"name": source, "reviews": len(movie_reviews.load(source))})
        for name, values in scores.items():
            rows.append({"name": f"{source} {name}", **_summary(values)})
    return rows


def _summary(scores: list[dict[str, float]]) -> dict[str, list[float]]:
    """Mean and interval of each score; shares from the counts of all splits."""
    columns = {
        column: interval(tuple(score[column] for score in scores))
        for column in ("accuracy", "log-loss", "P(positive | example)")
    }
    total = {
        column: sum(int(score[column]) for score in scores)
        for column in ("texts", "certain", "mistakes", "certain mistakes")
    }
    columns["beyond 0.99"] = share(total["certain"], total["texts"])
    columns["mistakes beyond 0.99"] = share(
        total["certain mistakes"], total["mistakes"]
    )
    return columns


def fitted(config: Config, data: movie_reviews.Corpus) -> dict[str, Any]:
    """Both models, each with the setting that does best on the validation reviews."""
    train, held_out = data.train, data.validation
    bayes = [MultinomialNaiveBayes(smoothing=s).fit(*train) for s in config.smoothings]
    logistic = [LogisticRegression(penalty=p).fit(*train) for p in config.penalties]
    return {
        "naive Bayes": min(bayes, key=lambda m: log_loss(m, held_out)),
        "logistic regression": min(logistic, key=lambda m: log_loss(m, held_out)),
    }


def log_loss(model: Any, reviews: movie_reviews.Counted) -> float:
    """Mean of -log P(label | text), in nats; a certain mistake counts as 1e-12."""
    chosen = model.predict_proba(reviews.texts).gather(1, reviews.labels[:, None])
    return float(-chosen.clamp_min(1e-12).log().mean())


def _score(model: Any, data: movie_reviews.Corpus, example: str) -> dict[str, float]:
    confidence, answer = model.predict_proba(data.test.texts).max(dim=1)  # (N,), (N,)
    right, certain = answer == data.test.labels, confidence > 0.99
    return {
        "accuracy": float(right.double().mean()),
        "log-loss": log_loss(model, data.test),
        "P(positive | example)": float(model.predict_proba(data.encode(example))[0, 1]),
        "texts": len(right),
        "certain": int(certain.sum()),
        "mistakes": int((~right).sum()),
        "certain mistakes": int((certain & ~right).sum()),
    }


def smaller() -> Config:
    """The same question at a size that a test can afford."""
    return Config(sources=("rotten_tomatoes",), seeds=(0, 1), vocabulary=5000)
