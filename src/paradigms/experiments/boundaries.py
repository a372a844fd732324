"""Decision boundaries of each classifier, on two features of real data."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from paradigms.data import breast_cancer, movie_reviews
from paradigms.data.breast_cancer import Tumours
from paradigms.experiments.outcome import Outcome, Row
from paradigms.experiments.pictures import DecisionField, Picture
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.models.discriminant_analysis import LDA, QDA, Discriminant
from paradigms.models.logistic_regression import LogisticRegression
from paradigms.models.naive_bayes import (
    BernoulliNaiveBayes,
    GaussianNaiveBayes,
    MultinomialNaiveBayes,
)
from paradigms.models.svm import KernelSVM, LinearSVM, rbf

QUESTION = "What shape is the decision boundary of each classifier?"
RADIUS, TEXTURE = 0, 1  # columns of the mean radius and the mean texture
Model = GaussianNaiveBayes | Discriminant | LogisticRegression | KernelSVM
WordModel = MultinomialNaiveBayes | BernoulliNaiveBayes
MODELS: dict[str, Callable[[], Model]] = {
    "Gaussian naive Bayes": GaussianNaiveBayes,
    "LDA": LDA,
    "QDA": QDA,
    "logistic regression": lambda: LogisticRegression(penalty=1e-2),
    "linear SVM": LinearSVM,
    "kernel SVM": lambda: KernelSVM(rbf(0.5)),
}
WORD_MODELS: dict[str, Callable[[], WordModel]] = {
    "multinomial naive Bayes": MultinomialNaiveBayes,
    "Bernoulli naive Bayes": BernoulliNaiveBayes,
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


def run(config: BoundariesConfig, each: Each = serial_map) -> Outcome:
    """A row per classifier: its error (training tumours, test reviews) and its field.

    A field has one string per height, from the top: digits 0 to 4 are P(y = 1 | x) in
    quarters, rounded.  An SVM has no P: its score from -1 to 1 is shown instead.
    """
    tumours = radius_and_texture()
    points = [
        (round(a / config.reach, 2), round(b / config.reach, 2), label)
        for (a, b), label in zip(
            tumours.x.tolist(), tumours.labels.tolist(), strict=True
        )
        if max(abs(a), abs(b)) <= config.reach
    ][::4]
    results = each(MODELS, lambda name: of_tumours(config, name, tumours))
    rows: list[Row] = []
    figures: dict[str, Picture] = {}
    for name, (error, field) in zip(MODELS, results, strict=True):
        rows.append({"name": name, "error": error, "tumours": len(tumours.labels)})
        figures[f"{name}/field"] = DecisionField(field=field, points=points)
    corpus = movie_reviews.in_bags("rotten_tomatoes", config.vocabulary)
    for name, make in WORD_MODELS.items():
        error, field = of_words(config, make().fit(*corpus.train), corpus)
        rows.append({"name": name, "error": error, "reviews": len(corpus.test.labels)})
        figures[f"{name}/field"] = DecisionField(field=field)
    return Outcome(rows, figures)


def radius_and_texture() -> Tumours:
    """Mean radius and mean texture of all tumours, standardised: (N, 2)."""
    x, labels = breast_cancer.load()
    return Tumours(x[:, [RADIUS, TEXTURE]], labels)


def of_tumours(
    config: BoundariesConfig, name: str, tumours: Tumours
) -> tuple[float, list[str]]:
    """The error on the training tumours, and the field around them."""
    xs = torch.linspace(-1, 1, config.columns).double() * config.reach
    ys = torch.linspace(1, -1, config.lines).double() * config.reach
    grid = torch.cartesian_prod(ys, xs).flip(1)  # (lines * columns, 2)
    model = MODELS[name]().fit(*tumours)
    wrong = (probability(model, tumours.x) > 0.5) != tumours.labels.bool()
    field = letters(probability(model, grid), config.columns)
    return float(wrong.double().mean()), field


def of_words(
    config: BoundariesConfig, model: WordModel, corpus: movie_reviews.Corpus
) -> tuple[float, list[str]]:
    """The error on the test reviews, and the field of texts of two words alone."""
    field = [
        float(probability(model, corpus.encode(text_of(config, blame, praise)))[0])
        for blame in range(config.most, -1, -1)
        for praise in range(config.most + 1)
    ]
    answers = probability(model, corpus.test.texts) > 0.5
    wrong = answers != corpus.test.labels.bool()
    return float(wrong.double().mean()), letters(torch.tensor(field), config.most + 1)


def text_of(config: BoundariesConfig, blame: int, praise: int) -> str:
    """A text of two words, repeated `blame` and `praise` times."""
    return " ".join([config.blame] * blame + [config.praise] * praise)


def probability(model: Model | WordModel, x: Any) -> Tensor:
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
