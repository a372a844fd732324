"""Generative against discriminative classifiers by the number of labels.

Six data sets: reviews as word counts (two sources), tumours and digits as measurements,
and two synthetic ones: in one naive Bayes' assumption holds, in the other a quarter of
the features is repeated nine times.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from paradigms.data import label_subsets
from paradigms.evaluation.statistics import crossover, t_interval
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.models.discriminant_analysis import LDA
from paradigms.models.logistic_regression import LogisticRegression
from paradigms.models.naive_bayes import GaussianNaiveBayes, MultinomialNaiveBayes
from paradigms.models.svm import LinearSVM

QUESTION = "Who errs less with few labels, and where do the curves cross?"
MADE = ("independent features", "repeated features")
PAIRS = (
    ("naive Bayes", "logistic regression"),
    ("LDA, shrunk", "logistic regression"),
    ("LDA", "logistic regression"),
    ("LDA", "logistic regression, no penalty"),
    ("LDA, shrunk", "naive Bayes"),
)
# In a figure, the first four of these that were fitted.
DRAWN = ("naive Bayes", "logistic regression", "LDA, shrunk", "LDA", "linear SVM")


@dataclass(frozen=True)
class LabelEfficiencyConfig:
    """Label counts; a quarter of the labels is held out to choose a setting.

    Each quarter in turn (four folds) up to `largest_folded` labels; beyond, and for
    SVMs, one.  `seeds` subsets of labels for each size.  Reviews have `splits` training
    and test splits, used in turn: the subsets of a split are averaged first, and
    intervals are over splits.  SVMs are fitted up to `largest_svm` labels.
    """

    sizes: tuple[tuple[str, tuple[int, ...]], ...] = (
        ("imdb", (10, 30, 100, 300, 1000, 3000, 10_000)),
        ("rotten_tomatoes", (10, 30, 100, 300, 1000, 3000, 7000)),
        ("tumours", (8, 16, 32, 64, 128, 256, 400)),
        ("digits", (20, 50, 100, 200, 400, 800, 1400)),
        ("independent features", (10, 30, 100, 300, 1000, 3000)),
        ("repeated features", (10, 30, 100, 300, 1000, 3000)),
    )
    seeds: int = 50
    splits: int = 5
    vocabulary: int = 5000
    features: int = 20
    apart: float = 0.5  # between class means per feature, in standard deviations
    copies: int = 9  # of the first quarter of the features
    blur: float = 0.5  # standard deviation of the noise on each copy
    largest_svm: int = 200
    largest_folded: int = 300
    resamples: int = 2000


CONFIG = LabelEfficiencyConfig()


def run(config: LabelEfficiencyConfig, each: Each = serial_map) -> list[dict[str, Any]]:
    """A row per data set, model and size; one per pair, with its crossover."""
    cells = [(name, size) for name, sizes in config.sizes for size in sizes]
    results = each(cells, lambda cell: errors(config, *cell))
    scores: dict[str, dict[int, dict[str, Tensor]]] = {}
    for (name, size), by_model in zip(cells, results, strict=True):
        samples = {
            m: independent(config, name, values) for m, values in by_model.items()
        }
        scores.setdefault(name, {})[size] = samples
    rows = [
        {
            "name": f"{name}, {model}, {size}",
            "error": t_interval(tuple(samples.tolist())),
        }
        for name, sizes in scores.items()
        for size, by_model in sizes.items()
        for model, samples in by_model.items()
    ]
    for name, sizes in scores.items():
        figure = {"pictures": {"errors": {"bands": bands(sizes)}}}
        first, *others = compared(config, name, sizes)
        rows += [first | figure, *others]
    return rows


def independent(
    config: LabelEfficiencyConfig, name: str, values: list[float]
) -> Tensor:
    """One value per draw; for reviews one per split, whose draws share a test part."""
    rates = torch.tensor(values)
    if name not in label_subsets.SOURCES:
        return rates
    parts = [rates[split :: config.splits].mean() for split in range(config.splits)]
    return torch.stack(parts)  # (splits,)


def errors(
    config: LabelEfficiencyConfig, name: str, size: int
) -> dict[str, list[float]]:
    """Test error rates by model, one per seed."""
    rates: dict[str, list[float]] = {}
    for seed in range(config.seeds):
        rng = torch.Generator().manual_seed(1000 * size + seed)
        data = task(config, name, seed, rng)
        indices = label_subsets.draw_subset(data.labels, size, rng)
        for model, settings in candidates(config, name, size, data).items():
            slow = model == "linear SVM" or size > config.largest_folded
            folds = 1 if slow else 4
            best = chosen_setting(settings, data, indices, folds)
            wrong = answers(best, data.test) != data.test_labels
            rates.setdefault(model, []).append(float(wrong.double().mean()))
    return rates


def chosen_setting(
    settings: list[Callable[[], Any]],
    given: label_subsets.Task,
    chosen: Tensor,
    folds: int,
) -> Any:
    """The setting with the fewest held-out errors, refitted to all labels.

    Each of `folds` folds holds out every fourth label.  Ties go to the first setting,
    the middle of the range: few labels do not tell settings apart.
    """
    fourth = torch.arange(len(chosen)) % 4  # separates the first two of each class
    parts = [(chosen[fourth != fold], chosen[fourth == fold]) for fold in range(folds)]
    inputs = [(given.rows(fit), given.rows(held_out)) for fit, held_out in parts]

    def mistakes(make: Callable[[], Any]) -> int:
        wrong = 0
        for (fit, held_out), (x, held_out_x) in zip(parts, inputs, strict=True):
            model = make().fit(x, given.labels[fit])
            wrong += int((answers(model, held_out_x) != given.labels[held_out]).sum())
        return wrong

    make = min(settings, key=mistakes) if len(settings) > 1 else settings[0]
    return make().fit(given.rows(chosen), given.labels[chosen])


class ShrunkLDA(LDA):
    """LDA with its covariance shrunk by `part` towards equal, uncorrelated variances.

    So it is invertible with few rows, as logistic regression has a penalty.
    Source: Friedman (1989), with one covariance for all classes.
    """

    def __init__(self, classes: int, part: float) -> None:
        super().__init__(classes)
        self.part = part

    def scatter(self, away: Tensor, share: Tensor) -> Tensor:
        covariance = super().scatter(away, share)  # (1, V, V)
        mean = covariance.diagonal(dim1=1, dim2=2).mean()
        isotropic = mean * torch.eye(covariance.shape[1], dtype=covariance.dtype)
        return (1 - self.part) * covariance + self.part * isotropic


class OneAgainstRest:
    """One-vs-rest SVMs; the prediction is the class with the highest score."""

    def __init__(self, classes: int, cost: float) -> None:
        self.machines = [LinearSVM(cost) for _ in range(classes)]

    def fit(self, x: Any, labels: Tensor) -> "OneAgainstRest":
        """x: rows (N, V), or bags of words."""
        x = table(x)
        for label, machine in enumerate(self.machines):
            machine.fit(x, (labels == label).long())
        return self

    def predict_proba(self, x: Any) -> Tensor:
        """Scores, of which only the order has a meaning. (N, K)"""
        x = table(x)
        return torch.stack([machine.decision(x) for machine in self.machines], dim=1)


def table(x: Any) -> Tensor:
    """Dense rows; bags of words are converted."""
    return x if isinstance(x, Tensor) else x.rows.to_dense()


def answers(model: Any, x: Any) -> Tensor:
    """The predicted class of each row. (N,)"""
    return model.predict_proba(x).argmax(dim=1)


def candidates(
    config: LabelEfficiencyConfig, name: str, size: int, given: label_subsets.Task
) -> dict[str, list[Callable[[], Any]]]:
    """Every model with its candidate settings.

    The middle of a range comes first, one variance before several, so that a tie does
    not go to an extreme.
    """
    k = int(given.labels.max()) + 1
    texts = name in label_subsets.SOURCES
    settings: dict[str, list[Callable[[], Any]]] = {
        "naive Bayes": [
            lambda s=s: MultinomialNaiveBayes(k, s) for s in (1.0, 10.0, 0.1)
        ]
        if texts
        else [
            lambda s=s, shared=shared: GaussianNaiveBayes(k, s, shared)
            for shared in (True, False)
            for s in (1e-1, 1e-3)
        ],
        "logistic regression": [
            lambda p=p: LogisticRegression(k, p) for p in (1e-2, 1e-1, 1e-3, 1.0)
        ],
    }
    if size <= config.largest_svm:
        costs = (0.1, 0.01, 1.0) if texts else (1.0, 0.1, 10.0)
        settings["linear SVM"] = [lambda c=c: OneAgainstRest(k, c) for c in costs]
    if texts:
        return settings
    settings["LDA, shrunk"] = [
        lambda s=s: ShrunkLDA(k, s) for s in (1e-1, 1e-2, 0.5, 1e-3)
    ]
    if name != "digits" and size > 2 * given.x.shape[1]:
        settings["LDA"] = [LDA]  # some pixels of digits are constant in a small draw
        if name in MADE:  # LDA's model is true: both without regularisation
            settings["logistic regression, no penalty"] = [
                lambda: LogisticRegression(k, 0.0)
            ]
    return settings


def task(
    config: LabelEfficiencyConfig, name: str, seed: int, dice: torch.Generator
) -> label_subsets.Task:
    """The training and test part of a data set for a seed."""
    if name in label_subsets.SOURCES:
        return label_subsets.reviews(name, config.vocabulary, seed % config.splits)
    if name in ("tumours", "digits"):
        x, labels = label_subsets.measured(name)
        order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
        train, test = order.tensor_split([len(x) - len(x) // 5])
        if name == "tumours":
            train, test = order.tensor_split([400])
        return label_subsets.Task(x[train], labels[train], x[test], labels[test])
    parts = [
        by_rule(config, name, count, dice)
        for count in (max(dict(config.sizes)[name]) + 100, 5000)
    ]
    return label_subsets.Task(*parts[0], *parts[1])


def by_rule(
    config: LabelEfficiencyConfig, name: str, count: int, dice: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Two classes of normal features, independent given the class, or some repeated."""
    labels = torch.randint(2, (count,), generator=dice)
    noise = torch.randn(count, config.features, dtype=torch.float64, generator=dice)
    x = noise + (labels[:, None] - 0.5) * config.apart
    if name == MADE[1]:
        repeated = x[:, : config.features // 4].repeat(1, config.copies)
        blur = torch.randn(repeated.shape, dtype=x.dtype, generator=dice)
        x = torch.cat(
            [repeated + config.blur * blur, x[:, config.features // 4 :]], dim=1
        )
    return x, labels


def compared(
    config: LabelEfficiencyConfig, name: str, scores: dict[int, dict[str, Tensor]]
) -> Iterator[dict[str, Any]]:
    """For each pair: the difference at every size, and where the curves cross."""
    for one, other in PAIRS:
        gaps = {
            size: by_model[one] - by_model[other]
            for size, by_model in scores.items()
            if one in by_model and other in by_model
        }
        if len(gaps) < 2:
            continue
        row: dict[str, Any] = {"name": f"{name}, {one} - {other}"}
        for size, gap in gaps.items():
            row[f"at {size}"] = t_interval(tuple(gap.tolist()))
        yield row | crossover(gaps, config.resamples)


def bands(scores: dict[int, dict[str, Tensor]]) -> dict[str, list[list[float]]]:
    """For a figure: size, mean, low and high of four models, rounded."""
    fitted = {model for by_model in scores.values() for model in by_model}
    curves: dict[str, list[list[float]]] = {}
    for model in [model for model in DRAWN if model in fitted][:4]:
        curves[model] = [
            [size, *(round(v, 4) for v in t_interval(tuple(by_model[model].tolist())))]
            for size, by_model in scores.items()
            if model in by_model
        ]
    return curves


def smaller() -> LabelEfficiencyConfig:
    """The same experiment, small enough for a test."""
    return LabelEfficiencyConfig(
        sizes=(
            ("rotten_tomatoes", (30, 300)),
            ("tumours", (16, 128)),
            ("independent features", (10, 300)),
            ("repeated features", (10, 300)),
        ),
        seeds=8,
        splits=2,
        vocabulary=1000,
        largest_svm=30,
        resamples=200,
    )
