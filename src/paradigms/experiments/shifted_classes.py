"""What each family can do when the class prior has changed.

Fitted to balanced classes, tested where one is rarer, with the new prior known or
estimated from unlabelled rows.
"""

from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from paradigms.data import label_subsets
from paradigms.evaluation.calibration import (
    class_logits,
    fit_temperature,
    platt_scaling,
)
from paradigms.evaluation.statistics import band, intervals, paired_differences
from paradigms.experiments.outcome import Outcome, Row
from paradigms.experiments.pictures import Bands, Picture
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.models.discriminant_analysis import LDA
from paradigms.models.inference.prior_shift import em_class_prior
from paradigms.models.logistic_regression import LogisticRegression
from paradigms.models.naive_bayes import GaussianNaiveBayes, MultinomialNaiveBayes

QUESTION = "What can each kind of classifier do when the class prior changes?"
# Pairs: the first minus the second.
PAIRS = (
    ("naive Bayes", "logistic regression"),
    ("naive Bayes, temperature", "logistic regression, temperature"),
    ("naive Bayes, slope and shift", "logistic regression, slope and shift"),
    ("naive Bayes, slope and shift", "naive Bayes, temperature"),
)
NORMAL = "normal classes"
# In a figure, by a short name.
CURVES = {"naive Bayes": "naive Bayes", "logistic": "logistic regression"}


@dataclass(frozen=True)
class ShiftedClassesConfig:
    """`sizes`: training and validation rows; `shares` of class 1 among `test` rows."""

    data: tuple[str, ...] = ("imdb", "rotten_tomatoes", NORMAL)
    shares: tuple[float, ...] = (0.1, 0.3, 0.5, 0.7, 0.9)
    sizes: tuple[int, int] = (3000, 1500)
    test: int = 400
    vocabulary: int = 5000
    features: int = 20
    apart: float = 0.5  # between class means per feature, in standard deviations
    penalties: tuple[float, ...] = (1e-3, 1e-2, 1e-1)
    smoothings: tuple[float, ...] = (0.1, 1.0, 10.0)  # of counts of words
    parts: tuple[float, ...] = (1e-9, 1e-2, 1e-1)  # of the variance, on normal classes
    seeds: int = 32
    splits: int = 32  # of the reviews, used in turn: one per draw


CONFIG = ShiftedClassesConfig()
Scores = dict[str, float]
Classifier = MultinomialNaiveBayes | GaussianNaiveBayes | LDA | LogisticRegression
PRIORS = ("training prior", "true prior", "estimated prior")
SHARES = ("estimated share", *(f"error, {prior}" for prior in PRIORS))


def run(config: ShiftedClassesConfig, each: Each = serial_map) -> Outcome:
    """Errors, log-losses and error reductions under three priors.

    A row per data set, model or pair, and share of class 1; one per data set has its
    figure.
    """
    cells = list(product(config.data, range(config.seeds)))
    results = dict(
        zip(
            cells, each(cells, lambda cell: scores_by_share(config, *cell)), strict=True
        )
    )
    rows: list[Row] = []
    figures: dict[str, Picture] = {}
    for data in config.data:
        runs = [results[data, seed] for seed in range(config.seeds)]
        by_model = {
            model: [[run[model][n] for run in runs] for n in range(len(config.shares))]
            for model in runs[0]
        }
        rows += [
            {"name": f"{data}, {model}, {share:.0%}"} | intervals(of_seeds, SHARES)
            for model, of_shares in by_model.items()
            for share, of_seeds in zip(config.shares, of_shares, strict=True)
        ]
        rows += [
            {"name": f"{data}, {one} - {other}, {share:.0%}"}
            | paired_differences(by_model[one][n], by_model[other][n])
            for one, other in PAIRS
            for n, share in enumerate(config.shares)
        ]
        rows.append({"name": data, "repetitions": config.seeds})
        curves = {
            f"{name}, {prior}": band(
                {
                    round(100 * share): [run[f"error, {prior}"] for run in of_seeds]
                    for share, of_seeds in zip(
                        config.shares, by_model[model], strict=True
                    )
                },
                shares=True,
            )
            for name, model in CURVES.items()
            for prior in ("training prior", "estimated prior")
        }
        figures[f"{data}/errors"] = Bands(bands=curves)
    return Outcome(rows, figures)


def scores_by_share(
    config: ShiftedClassesConfig, data: str, seed: int
) -> dict[str, list[Scores]]:
    """Scores of each model, one for each share of class 1.

    Errors: ValueError if the test part has too few rows of a class for a share.
    """
    rng = torch.Generator().manual_seed(seed)
    outputs = fit_models(config, data, seed, rng)
    indices = [(outputs.labels == k).nonzero()[:, 0] for k in (0, 1)]
    results: dict[str, list[Scores]] = {model: [] for model in outputs.logits}
    for share in config.shares:
        count = round(share * config.test)
        shuffled = [p[torch.randperm(len(p), generator=rng)] for p in indices]
        rows = torch.cat([shuffled[0][: config.test - count], shuffled[1][:count]])
        if len(rows) < config.test:
            raise ValueError(
                f"{data} has {len(indices[0])} and {len(indices[1])} test rows of the "
                f"classes: too few for {share:.0%} of class 1 among {config.test}"
            )
        new_prior = torch.tensor([1 - share, share], dtype=torch.float64).log()
        for model, logits in outputs.logits.items():
            results[model].append(
                scores(logits[rows], outputs.labels[rows], outputs.prior, new_prior)
            )
    return results


def scores(logits: Tensor, labels: Tensor, prior: Tensor, new_prior: Tensor) -> Scores:
    """Error and log-loss under the training, the true and an estimated prior.

    Shapes: logits (N, K), labels (N,), log-probabilities prior and new_prior (K,).
    """
    estimate = em_class_prior(logits, prior)
    results = {"estimated share": float(estimate[1].exp())}
    for name, target in zip(PRIORS, (prior, new_prior, estimate), strict=True):
        adjusted = logits + target - prior
        wrong = adjusted.argmax(dim=1) != labels
        results[f"error, {name}"] = float(wrong.double().mean())
        results[f"log-loss, {name}"] = float(cross_entropy(adjusted, labels))
        results[f"error reduction, {name}"] = (
            results["error, training prior"] - results[f"error, {name}"]
        )
    return results


class Outputs(NamedTuple):
    """Test logits (N, 2) by model, test labels (N,), the log prior of training (2,)."""

    logits: dict[str, Tensor]
    labels: Tensor
    prior: Tensor


def fit_models(
    config: ShiftedClassesConfig, data: str, seed: int, rng: torch.Generator
) -> Outputs:
    """Each model as fitted, with a temperature, and with a slope and a shift.

    It has the setting with the least log-loss on validation rows with the training
    prior; the same rows fit its temperature, and its slope and shift.
    """
    train, validation, test = draw_parts(config, data, seed, rng)
    results = {}
    for name, models in candidates(config, data).items():
        outputs = [
            class_logits(model.fit(train.x, train.labels), validation.x)
            for model in models
        ]
        losses = [float(cross_entropy(output, validation.labels)) for output in outputs]
        best = losses.index(min(losses))
        logits, test_logits = outputs[best], class_logits(models[best], test.x)
        temperature = fit_temperature(logits, validation.labels)
        log_odds, test_log_odds = logits.diff(dim=1), test_logits.diff(dim=1)
        scale = log_odds.std()  # naive Bayes gives hundreds of nats: slow to fit
        results[name] = test_logits
        results[f"{name}, temperature"] = test_logits / temperature
        # A temperature has the slope alone: it cannot correct a bias towards one class.
        results[f"{name}, slope and shift"] = platt_scaling(
            log_odds[:, 0] / scale, validation.labels, test_log_odds[:, 0] / scale
        )
    prior = train.labels.bincount().double() / len(train.labels)
    return Outputs(results, test.labels, prior.log())


def candidates(config: ShiftedClassesConfig, data: str) -> dict[str, list[Classifier]]:
    """Each model with its candidate settings, chosen by log-loss."""
    logistic: list[Classifier] = [LogisticRegression(2, p) for p in config.penalties]
    if data in label_subsets.SOURCES:
        return {
            "naive Bayes": [MultinomialNaiveBayes(2, s) for s in config.smoothings],
            "logistic regression": logistic,
        }
    return {
        "naive Bayes": [GaussianNaiveBayes(2, s, shared=True) for s in config.parts],
        "LDA": [LDA()],
        "logistic regression": logistic,
    }


class LabelledRows(NamedTuple):
    """Rows and labels (N,)."""

    x: Any  # a tensor (N, V), or `Bags`
    labels: Tensor


def draw_parts(
    config: ShiftedClassesConfig, data: str, seed: int, rng: torch.Generator
) -> list[LabelledRows]:
    """Training, validation and test rows with labels; classes are about balanced.

    Errors: ValueError for an unknown data set.
    """
    if data in label_subsets.SOURCES:
        task = label_subsets.reviews(data, config.vocabulary, seed % config.splits)
        order = torch.randperm(len(task.x), generator=rng)[: sum(config.sizes)]
        indices = torch.split(order, list(config.sizes))
        parts = [LabelledRows(task.rows(part), task.labels[part]) for part in indices]
        return [*parts, LabelledRows(task.test, task.test_labels)]
    if data != NORMAL:
        names = " or ".join((*label_subsets.SOURCES, NORMAL))
        raise ValueError(f"data must be {names}: {data!r}")
    parts = []
    for count in (*config.sizes, 4 * config.test):
        labels = torch.arange(count) % 2
        x = torch.randn(count, config.features, dtype=torch.float64, generator=rng)
        parts.append(LabelledRows(x + (labels[:, None] - 0.5) * config.apart, labels))
    return parts


def smaller() -> ShiftedClassesConfig:
    """The same experiment, small enough for a test."""
    return ShiftedClassesConfig(
        data=("rotten_tomatoes", NORMAL),
        shares=(0.1, 0.5),
        seeds=3,
        splits=1,
        vocabulary=2000,
    )
