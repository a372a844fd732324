"""Decision boundaries of each classifier, on two features of real data."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from paradigms.data import breast_cancer, movie_reviews
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.models.discriminant_analysis import LDA, QDA
from paradigms.models.logistic_regression import LogisticRegression
from paradigms.models.naive_bayes import (
    BernoulliNaiveBayes,
    GaussianNaiveBayes,
    MultinomialNaiveBayes,
)
from paradigms.models.svm import KernelSVM, LinearSVM, rbf

QUESTION = "Which shape has the boundary of each classifier?"
RADIUS, TEXTURE = 0, 1  # columns of the mean radius and the mean texture
MODELS: dict[str, Callable[[], Any]] = {
    "Gaussian naive Bayes": GaussianNaiveBayes,
    "LDA": LDA,
    "QDA": QDA,
    "logistic regression": lambda: LogisticRegression(penalty=1e-2),
    "linear SVM": LinearSVM,
    "kernel SVM": lambda: KernelSVM(rbf(0.5)),
}


@dataclass(frozen=True)
class BoundariesConfig:
    """Tumours by two measurements; reviews by how often each of two words occurs."""

    reach: float = 3.0  # standard deviations to each side
    columns: int = 48
    lines: int = 32
    most: int = 7  # largest count of a word
    praise: str = "great"
    blame: str = "bad"
    vocabulary: int = 5000


CONFIG = BoundariesConfig()


def run(config: BoundariesConfig, each: Each = serial_map) -> list[dict[str, Any]]:
    """A row per classifier: its error (training tumours, test reviews) and its field.

    A field has one string per height, from the top: digits 0 to 4 are P(y = 1 | x) in
    quarters, rounded.  An SVM has no P: its score from -1 to 1 is shown instead.
    """
    return [*of_tumours(config, each), *of_words(config)]


def of_tumours(config: BoundariesConfig, each: Each) -> list[dict[str, Any]]:
    """Mean radius against mean texture, standardised; 1 is benign."""
    x, labels = breast_cancer.load()
    x = x[:, [RADIUS, TEXTURE]]
    xs = torch.linspace(-1, 1, config.columns).double() * config.reach
    ys = torch.linspace(1, -1, config.lines).double() * config.reach
    grid = torch.cartesian_prod(ys, xs).flip(1)  # (lines * columns, 2)
    points = [
        (round(a / config.reach, 2), round(b / config.reach, 2), label)
        for (a, b), label in zip(x.tolist(), labels.tolist(), strict=True)
        if max(abs(a), abs(b)) <= config.reach
    ]

    def row(name: str) -> dict[str, Any]:
        model = MODELS[name]().fit(x, labels)
        wrong = (belief(model, x) > 0.5) != labels.bool()
        field = letters(belief(model, grid), config.columns)
        return {
            "name": name,
            "error": float(wrong.double().mean()),
            "tumours": len(labels),
            "pictures": {"field": {"field": field, "points": points[::4]}},
        }

    return each(MODELS, row)


def of_words(config: BoundariesConfig) -> list[dict[str, Any]]:
    """Counts of two words, in texts of these words alone; 1 is positive."""
    corpus = movie_reviews.in_bags("rotten_tomatoes", config.vocabulary)
    rows = []
    for name, model in (
        ("multinomial naive Bayes", MultinomialNaiveBayes()),
        ("Bernoulli naive Bayes", BernoulliNaiveBayes()),
    ):
        model.fit(*corpus.train)
        probabilities = [
            float(belief(model, corpus.encode(text_of(config, blame, praise)))[0])
            for blame in range(config.most, -1, -1)
            for praise in range(config.most + 1)
        ]
        wrong = (belief(model, corpus.test.texts) > 0.5) != corpus.test.labels.bool()
        field = letters(torch.tensor(probabilities), config.most + 1)
        rows.append(
            {
                "name": name,
                "error": float(wrong.double().mean()),
                "reviews": len(wrong),
                "pictures": {"field": {"field": field}},
            }
        )
    return rows


def text_of(config: BoundariesConfig, blame: int, praise: int) -> str:
    """A text of two words, repeated `blame` and `praise` times."""
    return " ".join([config.blame] * blame + [config.praise] * praise)


def belief(model: Any, x: Any) -> Tensor:
    """P(y = 1 | x); for an SVM its score, mapped from -1..1 to 0..1, clamped. (N,)"""
    if isinstance(model, KernelSVM):
        return ((model.decision(x) + 1) / 2).clamp(0, 1)
    return model.predict_proba(x)[:, 1]


def letters(values: Tensor, columns: int) -> list[str]:
    """Values from 0 to 1 as digits 0 to 4, in lines of `columns` digits."""
    digits = "".join(str(round(4 * value)) for value in values.tolist())
    return [digits[start : start + columns] for start in range(0, len(digits), columns)]


def smaller() -> BoundariesConfig:
    """The same experiment, small enough for a test."""
    return BoundariesConfig(columns=12, lines=8, most=2, vocabulary=1000)
