"""What unlabelled rows add to naive Bayes by EM, and to logistic regression.

Few labels, thousands of rows without: reviews, digits as counts of ink, and synthetic
reviews, sampled from a naive Bayes model, so that its assumptions hold.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from scipy.sparse import csr_matrix, vstack
from sklearn.linear_model import LogisticRegression
from sklearn.semi_supervised import SelfTrainingClassifier
from torch import Tensor

from paradigms.data import digits, label_subsets
from paradigms.data.bag_of_words import Bags
from paradigms.evaluation.statistics import band, holm_rows, share_interval
from paradigms.experiments.outcome import Outcome, Row
from paradigms.experiments.pictures import Bands, Picture
from paradigms.experiments.runner.resume import Each, results_by_item, serial_map
from paradigms.models.naive_bayes import MultinomialNaiveBayes
from paradigms.models.semi_supervised_naive_bayes import SemiSupervisedNaiveBayes

QUESTION = "How much do unlabelled examples help a classifier with few labels?"
BAYES = "naive Bayes"
EM = "naive Bayes, EM"
CROSS_VALIDATED = "naive Bayes, EM, cross-validated weight"
BEST_WEIGHT = "naive Bayes, EM, best weight on the test set"
LOGISTIC = "logistic regression"
SELF_TRAINED = "logistic regression, self-training"
BEST_SELF_TRAINED = "logistic regression, best self-training on the test set"
# Pairs: the first minus the second.
PAIRS = (
    (EM, BAYES),
    (CROSS_VALIDATED, BAYES),
    (BEST_WEIGHT, BAYES),
    (CROSS_VALIDATED, EM),
    (SELF_TRAINED, LOGISTIC),
    (BEST_SELF_TRAINED, LOGISTIC),
    (BAYES, LOGISTIC),
    (EM, SELF_TRAINED),
    (CROSS_VALIDATED, SELF_TRAINED),
    (CROSS_VALIDATED, BEST_SELF_TRAINED),
)
# In a figure, by a short name.
CURVES = {
    "naive Bayes": BAYES,
    "naive Bayes, EM": EM,
    "EM, cross-validated weight": CROSS_VALIDATED,
    "logistic, self-training": SELF_TRAINED,
}
DIGITS, SYNTHETIC = "digits", "synthetic reviews"
ALL_LABELS = "naive Bayes, all labels"
INK = 16  # the darkest pixel
UNKNOWN = -1  # scikit-learn's label of an unlabelled row
TEST_TEXTS = 2000


@dataclass(frozen=True)
class UnlabelledDataConfig:
    """Labels per data set; `unlabelled` rows at most, whose labels no model gets.

    Each setting is chosen by four-fold cross-validation on the labels; of equal ones
    the first is taken, so each range begins in its middle.  Self-training is run with
    each of `thresholds`, the first being scikit-learn's default.
    """

    sizes: tuple[tuple[str, tuple[int, ...]], ...] = (
        ("imdb", (10, 30, 100, 300)),
        ("rotten_tomatoes", (30, 100, 300, 1000)),
        (DIGITS, (20, 50, 100, 200)),
        (SYNTHETIC, (10, 30, 100, 300)),
    )
    unlabelled: int = 3000
    vocabulary: int = 5000
    words: int = 100  # of a synthetic review
    smoothings: tuple[float, ...] = (1.0, 10.0, 0.1)
    weights: tuple[float, ...] = (0.1, 0.01, 1.0, 0.001, 0.0)
    penalties: tuple[float, ...] = (1e-2, 1e-1, 1e-3, 1.0)
    thresholds: tuple[float, ...] = (0.75, 0.9)
    seeds: int = 30


CONFIG = UnlabelledDataConfig()
Errors = dict[str, dict[str, float]]  # by model and column


def run(config: UnlabelledDataConfig, each: Each = serial_map) -> Outcome:
    """Errors by data set, model and number of labels; differences of `PAIRS`.

    P-values are adjusted by Holm's method for all differences of a data set.
    """
    cells = [(data, seed) for seed in range(config.seeds) for data, _ in config.sizes]
    results = results_by_item(each, cells, lambda cell: errors_by_size(config, *cell))
    rows: list[Row] = []
    figures: dict[str, Picture] = {}
    for data, sizes in config.sizes:
        runs = [results[data, seed] for seed in range(config.seeds)]
        by_model = {model: [run[model] for run in runs] for model in runs[0]}
        rows.append({"name": data, "repetitions": config.seeds})
        rows += [
            {"name": f"{data}, {model}"}
            | {
                column: share_interval([run[column] for run in errors])
                for column in errors[0]
            }
            for model, errors in by_model.items()
        ]
        rows += holm_rows(
            {
                f"{data}, {one} - {other}": (by_model[one], by_model[other])
                for one, other in PAIRS
            }
        )
        curves = {
            name: band(
                {size: [run[at(size)] for run in by_model[model]] for size in sizes},
                shares=True,
            )
            for name, model in CURVES.items()
        }
        figures[f"{data}/errors"] = Bands(bands=curves)
    return Outcome(rows, figures)


def at(size: int) -> str:
    """The column of a number of labels."""
    return f"at {size}"


def errors_by_size(config: UnlabelledDataConfig, data: str, seed: int) -> Errors:
    """Test errors of each model, by the number of labels."""
    rng = torch.Generator().manual_seed(seed)
    task = draw_task(config, data, seed, rng)
    test = Labelled(rows_of(data, task.test), task.test_labels)
    errors: Errors = {}
    for size in dict(config.sizes)[data]:
        chosen = label_subsets.draw_subset(task.labels, size, rng)
        unused = torch.ones(len(task.labels), dtype=torch.bool)
        unused[chosen] = False
        others = unused.nonzero()[:, 0]
        others = others[torch.randperm(len(others), generator=rng)]
        unlabelled = rows_of(data, task.rows(others[: config.unlabelled]))
        problem = Problem.of(data, task, chosen, unlabelled)
        for model, error in model_errors(config, problem, test).items():
            errors.setdefault(model, {})[at(size)] = error
    everything = task.rows(torch.arange(len(task.labels)))
    supervised = MultinomialNaiveBayes(problem.classes, config.smoothings[0])
    joint = supervised.fit(everything, task.labels).log_joint(task.test)
    errors[ALL_LABELS] = {"error": error_rate(joint.argmax(dim=1), test)}
    return errors


class Rows(NamedTuple):
    """The same rows for naive Bayes, and for scikit-learn."""

    bags: Bags
    matrix: csr_matrix


class Labelled(NamedTuple):
    """Rows and their labels (N,)."""

    rows: Rows
    labels: Tensor


def rows_of(data: str, bags: Bags) -> Rows:
    """Rows of counts; for logistic regression, ink is scaled to between 0 and 1."""
    rows = bags.rows
    parts = rows.values(), rows.col_indices(), rows.crow_indices()
    matrix = csr_matrix(tuple(part.numpy() for part in parts), shape=tuple(rows.shape))
    return Rows(bags, matrix / INK if data == DIGITS else matrix)


# Setting, training part and rows -> predictions (N,)
Predictor = Callable[[float, Labelled, Rows], Tensor]


@dataclass(frozen=True)
class Problem:
    """Labelled rows, folds of them (training and validation), and unlabelled rows."""

    classes: int
    labelled: Labelled
    folds: list[tuple[Labelled, Labelled]]
    unlabelled: Rows

    @classmethod
    def of(
        cls,
        data: str,
        task: label_subsets.LabelledData,
        chosen: Tensor,
        unlabelled: Rows,
    ) -> "Problem":
        """The rows `chosen` have labels; each of four folds leaves out every fourth."""

        def part(indices: Tensor) -> Labelled:
            return Labelled(rows_of(data, task.rows(indices)), task.labels[indices])

        # The first two rows of each class are in different folds.
        folds_of_rows = torch.arange(len(chosen)) % 4
        folds = [
            (part(chosen[folds_of_rows != fold]), part(chosen[folds_of_rows == fold]))
            for fold in range(4)
        ]
        return cls(int(task.labels.max()) + 1, part(chosen), folds, unlabelled)

    def best(self, settings: Sequence[float], predict: Predictor) -> float:
        """The first of the settings with the fewest errors in cross-validation."""

        def mistakes(setting: float) -> int:
            return sum(
                int((predict(setting, train, fold.rows) != fold.labels).sum())
                for train, fold in self.folds
            )

        return min(settings, key=mistakes)


def model_errors(
    config: UnlabelledDataConfig, problem: Problem, test: Labelled
) -> dict[str, float]:
    """The error rate of each model, with settings chosen on the labels alone."""

    def bayes(smoothing: float, train: Labelled, rows: Rows) -> Tensor:
        return em(smoothing, 0.0, train, rows)

    def em(smoothing: float, weight: float, train: Labelled, rows: Rows) -> Tensor:
        model = SemiSupervisedNaiveBayes(problem.classes, smoothing, weight)
        model.fit(train.rows.bags, train.labels, problem.unlabelled.bags)
        return model.log_joint(rows.bags).argmax(dim=1)

    smoothing = problem.best(config.smoothings, bayes)
    weight = problem.best(
        config.weights, lambda weight, *parts: em(smoothing, weight, *parts)
    )
    by_weight = {
        weight: error_rate(em(smoothing, weight, problem.labelled, test.rows), test)
        for weight in config.weights
    }

    penalty = problem.best(config.penalties, logistic_predictions)
    logistic = error_rate(
        logistic_predictions(penalty, problem.labelled, test.rows), test
    )
    by_threshold = [
        error_rate(
            self_trained_predictions(penalty, threshold, problem, test.rows), test
        )
        for threshold in config.thresholds
    ]
    return {
        BAYES: by_weight[0.0],
        EM: by_weight[1.0],
        CROSS_VALIDATED: by_weight[weight],
        BEST_WEIGHT: min(by_weight.values()),
        LOGISTIC: logistic,
        SELF_TRAINED: by_threshold[0],
        BEST_SELF_TRAINED: min(logistic, *by_threshold),
    } | {f"{EM}, weight {weight:g}": error for weight, error in by_weight.items()}


def error_rate(predictions: Tensor, test: Labelled) -> float:
    """The share of wrong predictions (N,)."""
    return float((predictions != test.labels).double().mean())


def logistic_model(penalty: float, labels: int) -> LogisticRegression:
    """Logistic regression, whose C is of the sum of the losses, not of their mean."""
    return LogisticRegression(C=1 / (penalty * labels), tol=1e-3, max_iter=5000)


def logistic_predictions(penalty: float, train: Labelled, rows: Rows) -> Tensor:
    """Predictions of logistic regression. (N,)"""
    model = logistic_model(penalty, len(train.labels))
    model.fit(train.rows.matrix, train.labels.numpy())
    return torch.from_numpy(model.predict(rows.matrix))


def self_trained_predictions(
    penalty: float, threshold: float, problem: Problem, rows: Rows
) -> Tensor:
    """The same with predictions above the threshold as labels, again and again. (N,)"""
    labels = problem.labelled.labels.numpy()
    unlabelled = problem.unlabelled.matrix
    everything = vstack([problem.labelled.rows.matrix, unlabelled], format="csr")
    targets = np.concatenate([labels, np.full(unlabelled.shape[0], UNKNOWN)])
    model = SelfTrainingClassifier(
        logistic_model(penalty, len(labels)), threshold=threshold
    )
    return torch.from_numpy(model.fit(everything, targets).predict(rows.matrix))


def draw_task(
    config: UnlabelledDataConfig, data: str, seed: int, rng: torch.Generator
) -> label_subsets.LabelledData:
    """Training and test part of a data set for a seed, as lists of word ids."""
    if data in label_subsets.SOURCES:
        return label_subsets.reviews(data, config.vocabulary, seed)
    if data == SYNTHETIC:
        return synthetic_reviews(config, rng)
    pixels, labels = digits.load()
    order = torch.randperm(len(pixels), generator=rng)
    train, test = order.tensor_split([len(order) - len(order) // 5])
    places = torch.arange(pixels.shape[1])
    # A pixel is a word, and occurs as often as it has ink: 0 to 16 times.
    texts = [places.repeat_interleave(row.long()).tolist() for row in pixels]
    return label_subsets.LabelledData(
        [texts[index] for index in train.tolist()],
        labels[train],
        Bags([texts[i] for i in test.tolist()], pixels.shape[1], torch.float64),
        labels[test],
        pixels.shape[1],
    )


def synthetic_reviews(
    config: UnlabelledDataConfig, rng: torch.Generator
) -> label_subsets.LabelledData:
    """Texts sampled from naive Bayes as fitted to whole reviews."""
    reviews = label_subsets.reviews("imdb", config.vocabulary, 0)
    model = MultinomialNaiveBayes().fit(
        reviews.rows(torch.arange(len(reviews.labels))), reviews.labels
    )
    labels = torch.randint(2, (config.unlabelled + 500 + TEST_TEXTS,), generator=rng)
    likelihood = model.log_likelihood.T.exp()  # (K, V)
    words = torch.zeros(len(labels), config.words, dtype=torch.long)
    for label in (0, 1):
        count = int((labels == label).sum()) * config.words
        tokens = torch.multinomial(likelihood[label], count, True, generator=rng)
        words[labels == label] = tokens.view(-1, config.words)
    texts, size = words.tolist(), reviews.vocabulary
    return label_subsets.LabelledData(
        texts[:-TEST_TEXTS],
        labels[:-TEST_TEXTS],
        Bags(texts[-TEST_TEXTS:], size, torch.float64),
        labels[-TEST_TEXTS:],
        size,
    )


def smaller() -> UnlabelledDataConfig:
    """The same experiment, small enough for a test."""
    return UnlabelledDataConfig(
        sizes=((DIGITS, (50,)), (SYNTHETIC, (100,))),
        unlabelled=2000,
        weights=(0.1, 1.0, 0.0),
        seeds=3,
    )
