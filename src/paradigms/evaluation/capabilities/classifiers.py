"""Capabilities of each classifier, and its difference from scikit-learn's."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import torch
from sklearn import discriminant_analysis, linear_model, naive_bayes, svm
from torch import Tensor

from paradigms.data import breast_cancer, digits
from paradigms.models.discriminant_analysis import LDA, QDA, Discriminant
from paradigms.models.logistic_regression import LogisticRegression
from paradigms.models.naive_bayes import (
    BernoulliNaiveBayes,
    GaussianNaiveBayes,
    MultinomialNaiveBayes,
)
from paradigms.models.svm import KernelSVM, LinearSVM, rbf

Model = GaussianNaiveBayes | BernoulliNaiveBayes | MultinomialNaiveBayes | Discriminant

PENALTY = 1e-2
SIDE = torch.arange(-12, 12, 0.05, dtype=torch.float64)  # of a grid over two features


@dataclass(frozen=True)
class GenerativeClassifier:
    """A generative classifier, scikit-learn's, and data that suit both.

    `is_distribution`: whether its P(x, y) sums to one over all x and y.
    """

    name: str
    build: Callable[[], Model]
    reference: Any
    x: Tensor
    labels: Tensor
    is_distribution: Callable[[Callable[[], Model]], bool]

    def row(self, draws: int) -> dict[str, Any]:
        """What it sees and can do, and its difference from scikit-learn's."""
        model = self.build()
        model.fit(self.x, self.labels)
        probabilities = model.predict_proba(self.x)
        self.reference.fit(self.x, self.labels)
        expected = torch.from_numpy(self.reference.predict_proba(self.x))
        return {
            "name": self.name,
            "sees": receptive_field(model.log_joint, self.x[0]),
            "scores": self.is_distribution(self.build),
            "samples": draws_agree(model, self.x, self.labels, draws),
            "predicts": sums_of(probabilities),
            "difference": gap(probabilities, expected),
            "tolerance": 1e-10,
        }


def rows(draws: int) -> Iterator[dict[str, Any]]:
    """A row per classifier; the SVMs differ in decision values, others in P(y | x)."""
    for classifier in generative_classifiers():
        yield classifier.row(draws)
    x, labels = breast_cancer.load()
    yield _logistic(x, labels)
    yield from _svms(x, labels)


def generative_classifiers() -> list[GenerativeClassifier]:
    """Each with data of its kind: normal, binary, or counts."""
    x, labels = breast_cancer.load()
    pixels, digit_labels = digits.load()
    # The default tol rejects directions of variance below 1e-4 as singular.
    qda = discriminant_analysis.QuadraticDiscriminantAnalysis(tol=0)
    return [
        GenerativeClassifier(
            "gaussian_naive_bayes",
            GaussianNaiveBayes,
            naive_bayes.GaussianNB(),
            x,
            labels,
            on_grid,
        ),
        GenerativeClassifier(
            "bernoulli_naive_bayes",
            BernoulliNaiveBayes,
            naive_bayes.BernoulliNB(),
            (x > 0).double(),
            labels,
            sums_to_one,
        ),
        GenerativeClassifier(
            "multinomial_naive_bayes",
            lambda: MultinomialNaiveBayes(classes=10),
            naive_bayes.MultinomialNB(),
            pixels.double(),
            digit_labels,
            sums_to_one,
        ),
        GenerativeClassifier(
            "lda",
            LDA,
            discriminant_analysis.LinearDiscriminantAnalysis(solver="lsqr"),
            x,
            labels,
            on_grid,
        ),
        GenerativeClassifier("qda", QDA, qda, x, labels, on_grid),
    ]


def _logistic(x: Tensor, labels: Tensor) -> dict[str, Any]:
    ours = LogisticRegression(penalty=PENALTY).fit(x, labels, tolerance=1e-9)
    # Ours penalises a set of weights for each class, scikit-learn one set for two.
    cost = 2 / (PENALTY * len(x))
    theirs = linear_model.LogisticRegression(C=cost, tol=1e-10, max_iter=10_000)
    theirs.fit(x, labels)
    expected = torch.from_numpy(theirs.predict_proba(x))
    return {
        "name": "logistic_regression",
        "sees": receptive_field(ours.predict_proba, x[0]),
        "predicts": sums_of(ours.predict_proba(x)),
        "difference": gap(ours.predict_proba(x), expected),
        "tolerance": 1e-5,
    }


def _svms(x: Tensor, labels: Tensor) -> Iterator[dict[str, Any]]:
    for key, ours, theirs in (
        ("linear_svm", LinearSVM(), svm.SVC(kernel="linear", tol=1e-8)),
        ("kernel_svm", KernelSVM(rbf(0.05)), svm.SVC(gamma=0.05, tol=1e-8)),
    ):
        ours.fit(x, labels, tolerance=1e-8)
        expected = torch.from_numpy(theirs.fit(x, labels).decision_function(x))
        scores = ours.decision(x)
        yield {
            "name": key,
            "sees": receptive_field(ours.decision, x[0]),
            "predicts": probable(scores),
            "difference": gap(scores, expected) / float(expected.abs().max()),
            "tolerance": 1e-5,
        }


def receptive_field(score: Callable[[Tensor], Tensor], row: Tensor) -> str:
    """Whether the scores of a row (D,) change with each of its features alone."""
    other = (row == 0).to(row)  # another value for each, also a valid count
    changed = torch.where(torch.eye(len(row)).bool(), other, row)  # (D, D)
    differences = (score(changed) - score(row[None])).abs().reshape(len(row), -1)
    return (
        "the whole input" if bool((differences.amax(dim=1) > 0).all()) else "otherwise"
    )


def on_grid(make: Callable[[], Model]) -> bool:
    """Whether P(x, y), over a grid of two features and both classes, sums to one."""
    x, labels = breast_cancer.load()
    model = make().fit(x[:, :2], labels)
    total = model.log_joint(torch.cartesian_prod(SIDE, SIDE)).exp().sum() * 0.05**2
    return abs(float(total) - 1) < 1e-6


def sums_to_one(make: Callable[[], Model]) -> bool:
    """The same over all rows of four zeros and ones; or all texts of three words."""
    rows = torch.tensor(list(product((0.0, 1.0), repeat=4)), dtype=torch.float64)
    model = make()
    model.fit(rows, torch.arange(len(rows)) % model.classes)
    if isinstance(model, MultinomialNaiveBayes):  # a text is a sequence of words
        texts = torch.tensor(list(product(range(4), repeat=3)))  # (64, 3)
        rows = torch.nn.functional.one_hot(texts, 4).sum(dim=1).double()  # (64, 4)
    return abs(float(model.log_joint(rows).exp().sum()) - 1) < 1e-6


def draws_agree(model: Model, x: Tensor, labels: Tensor, draws: int) -> bool:
    """Whether samples of class 1 have its means, within 5 standard errors."""
    rng = torch.Generator().manual_seed(0)
    if isinstance(model, MultinomialNaiveBayes):
        mean = model.log_likelihood[:, 1].exp()
        text = torch.tensor(model.sample(1, draws, rng))
        samples = torch.nn.functional.one_hot(text, len(mean)).double()  # (draws, V)
    else:
        mean = x[labels == 1].mean(dim=0)
        if isinstance(model, BernoulliNaiveBayes):
            mean = model.log_present[:, 1].exp()
        samples = model.sample(1, draws, rng)
    binary = not isinstance(model, GaussianNaiveBayes | Discriminant)
    variance = mean * (1 - mean) if binary else samples.var(dim=0)
    error = (variance / draws).sqrt()
    return bool(((samples.mean(dim=0) - mean).abs() < 5 * error + 1 / draws).all())


def probable(scores: Tensor) -> bool:
    """Whether the scores (N,) of class 1 are in the range of probabilities."""
    return bool(((scores >= 0) & (scores <= 1)).all())


def sums_of(probabilities: Tensor) -> bool:
    """Whether each row is a distribution over the classes."""
    return bool(((probabilities.sum(dim=1) - 1).abs() < 1e-6).all())


def gap(ours: Tensor, theirs: Tensor) -> float:
    """The largest difference."""
    return float((ours - theirs).abs().max())
