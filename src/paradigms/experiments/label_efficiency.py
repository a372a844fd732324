"""Generative against discriminative classifiers by the number of labels.

Six data sets: reviews as word counts (two sources), tumours and digits as measurements,
and two synthetic ones: in one naive Bayes' assumption holds, in the other a quarter of
the features is repeated nine times.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from paradigms.data import label_subsets
from paradigms.evaluation.statistics import (
    band,
    crossover,
    share_interval,
    t_interval,
)
from paradigms.experiments.outcome import Outcome, Row
from paradigms.experiments.pictures import Bands, Picture
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.models.discriminant_analysis import LDA, ShrunkLDA
from paradigms.models.logistic_regression import LogisticRegression
from paradigms.models.naive_bayes import GaussianNaiveBayes, MultinomialNaiveBayes
from paradigms.models.svm import OneVsRestSVM

QUESTION = "Which classifier is better with few labels, and do the curves cross?"
REPEATED = "repeated features"
SYNTHETIC = ("independent features", REPEATED)
PAIRS = (
    ("naive Bayes", "logistic regression"),
    ("LDA, shrunk", "logistic regression"),
    ("LDA", "logistic regression"),
    ("LDA", "logistic regression, no penalty"),
    ("LDA, shrunk", "naive Bayes"),
)
# In a figure, the first four of these that were fitted.
CURVES = ("naive Bayes", "logistic regression", "LDA, shrunk", "LDA", "linear SVM")
Model = (
    GaussianNaiveBayes | MultinomialNaiveBayes | LDA | LogisticRegression | OneVsRestSVM
)
Samples = dict[int, dict[str, Tensor]]  # error rates (N,) by size and model


@dataclass(frozen=True)
class LabelEfficiencyConfig:
    """Label counts; a quarter of the labels is left out to choose a setting.

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


def run(config: LabelEfficiencyConfig, each: Each = serial_map) -> Outcome:
    """A row per data set, model and size; one per pair, with its crossover.

    The figure of a data set belongs to its first pair.
    """
    cells = [(data, size) for data, sizes in config.sizes for size in sizes]
    results = each(cells, lambda cell: error_rates(config, *cell))
    samples: dict[str, Samples] = {data: {} for data, _ in config.sizes}
    for (data, size), by_model in zip(cells, results, strict=True):
        samples[data][size] = {
            model: independent(config, data, rates) for model, rates in by_model.items()
        }
    rows: list[Row] = [
        {"name": f"{data}, {model}, {size}", "error": share_interval(rates.tolist())}
        for data, sizes in samples.items()
        for size, by_model in sizes.items()
        for model, rates in by_model.items()
    ]
    figures: dict[str, Picture] = {}
    for data, sizes in samples.items():
        pairs = differences(config, data, sizes)
        rows += pairs
        figures[f"{pairs[0]['name']}/errors"] = error_curves(sizes)
    return Outcome(rows, figures)


def independent(config: LabelEfficiencyConfig, data: str, rates: list[float]) -> Tensor:
    """One value per draw; for reviews one per split, whose draws share a test part."""
    values = torch.tensor(rates)
    if data not in label_subsets.SOURCES:
        return values
    parts = [values[split :: config.splits].mean() for split in range(config.splits)]
    return torch.stack(parts)  # (splits,)


def differences(
    config: LabelEfficiencyConfig, data: str, samples: Samples
) -> list[Row]:
    """For each pair: the difference at every size, and where the curves cross."""
    rows = []
    for one, other in PAIRS:
        gaps = {
            size: by_model[one] - by_model[other]
            for size, by_model in samples.items()
            if one in by_model and other in by_model
        }
        if len(gaps) > 1:
            row: Row = {"name": f"{data}, {one} - {other}"}
            row |= {
                f"at {size}": t_interval(gap.tolist()) for size, gap in gaps.items()
            }
            rows.append(row | crossover(gaps, config.resamples))
    return rows


def error_curves(samples: Samples) -> Bands:
    """The error by size, of four models."""
    models = {model for by_model in samples.values() for model in by_model}
    curves = {
        model: band(
            {
                size: by_model[model].tolist()
                for size, by_model in samples.items()
                if model in by_model
            },
            shares=True,
        )
        for model in [model for model in CURVES if model in models][:4]
    }
    return Bands(bands=curves)


@dataclass(frozen=True)
class Candidates:
    """Settings of a model, the first preferred; `slow` if one fold must do."""

    name: str
    models: list[Model]
    slow: bool = False


def candidates(
    config: LabelEfficiencyConfig,
    data: str,
    size: int,
    task: label_subsets.LabelledData,
) -> list[Candidates]:
    """Every model that is fitted to `size` labels.

    The middle of a range comes first, one variance before several, so that a tie does
    not go to an extreme.
    """
    k = int(task.labels.max()) + 1
    texts = data in label_subsets.SOURCES
    bayes = _text_bayes(k) if texts else _gaussian_bayes(k)
    penalties = (1e-2, 1e-1, 1e-3, 1.0)
    logistic: list[Model] = [LogisticRegression(k, p) for p in penalties]
    results = [
        Candidates("naive Bayes", bayes),
        Candidates("logistic regression", logistic),
    ]
    if size <= config.largest_svm:
        costs = (0.1, 0.01, 1.0) if texts else (1.0, 0.1, 10.0)
        machines: list[Model] = [OneVsRestSVM(k, cost) for cost in costs]
        results.append(Candidates("linear SVM", machines, slow=True))
    if texts:
        return results
    shrunk: list[Model] = [ShrunkLDA(k, part) for part in (1e-1, 1e-2, 0.5, 1e-3)]
    results.append(Candidates("LDA, shrunk", shrunk))
    # Some pixels of digits are constant in a small draw.
    if data != "digits" and size > 2 * task.x.shape[1]:
        results.append(Candidates("LDA", [LDA(k)]))
        if data in SYNTHETIC:  # LDA's model is true: both without regularisation
            unpenalised: list[Model] = [LogisticRegression(k, 0.0)]
            results.append(Candidates("logistic regression, no penalty", unpenalised))
    return results


def _text_bayes(k: int) -> list[Model]:
    return [MultinomialNaiveBayes(k, s) for s in (1.0, 10.0, 0.1)]


def _gaussian_bayes(k: int) -> list[Model]:
    return [
        GaussianNaiveBayes(k, s, shared)
        for shared in (True, False)
        for s in (1e-1, 1e-3)
    ]


def error_rates(
    config: LabelEfficiencyConfig, data: str, size: int
) -> dict[str, list[float]]:
    """Test error rates by model, one per seed."""
    rates: dict[str, list[float]] = {}
    for seed in range(config.seeds):
        rng = torch.Generator().manual_seed(1000 * size + seed)
        task = draw_task(config, data, seed, rng)
        indices = label_subsets.draw_subset(task.labels, size, rng)
        for candidate in candidates(config, data, size, task):
            folds = 1 if candidate.slow or size > config.largest_folded else 4
            model = best_model(candidate.models, task, indices, folds)
            wrong = answers(model, task.test) != task.test_labels
            rates.setdefault(candidate.name, []).append(float(wrong.double().mean()))
    return rates


def best_model(
    models: list[Model], task: label_subsets.LabelledData, indices: Tensor, folds: int
) -> Model:
    """The model with the fewest validation errors, refitted to all labels.

    Each of `folds` folds leaves out every fourth label.  Ties go to the first model:
    few labels do not tell settings apart.
    """
    fourth = torch.arange(len(indices)) % 4  # separates the first two of each class
    splits = []
    for fold in range(folds):
        train, validation = indices[fourth != fold], indices[fourth == fold]
        splits.append((train, task.rows(train), validation, task.rows(validation)))

    def mistakes(model: Model) -> int:
        wrong = 0
        for train, x, validation, validation_x in splits:
            model.fit(x, task.labels[train])
            wrong += int(
                (answers(model, validation_x) != task.labels[validation]).sum()
            )
        return wrong

    best = min(models, key=mistakes) if len(models) > 1 else models[0]
    best.fit(task.rows(indices), task.labels[indices])
    return best


def answers(model: Model, x: Any) -> Tensor:
    """The predicted class of each row. (N,)"""
    if isinstance(model, OneVsRestSVM):
        return model.decision(x).argmax(dim=1)
    return model.predict_proba(x).argmax(dim=1)


def draw_task(
    config: LabelEfficiencyConfig, data: str, seed: int, rng: torch.Generator
) -> label_subsets.LabelledData:
    """The training and test part of a data set for a seed."""
    if data in label_subsets.SOURCES:
        return label_subsets.reviews(data, config.vocabulary, seed % config.splits)
    if data in SYNTHETIC:
        count = max(dict(config.sizes)[data]) + 100
        train = draw_rows(config, data == REPEATED, count, rng)
        return label_subsets.LabelledData(
            *train, *draw_rows(config, data == REPEATED, 5000, rng)
        )
    x, labels = label_subsets.measurements(data)
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
    count = 400 if data == "tumours" else len(x) - len(x) // 5
    train_rows, test_rows = order.tensor_split([count])
    return label_subsets.LabelledData(
        x[train_rows], labels[train_rows], x[test_rows], labels[test_rows]
    )


def draw_rows(
    config: LabelEfficiencyConfig, repeated: bool, count: int, rng: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Two classes of normal features, independent given the class.

    If `repeated`, the first quarter of them has noisy copies.
    """
    labels = torch.randint(2, (count,), generator=rng)
    noise = torch.randn(count, config.features, dtype=torch.float64, generator=rng)
    x = noise + (labels[:, None] - 0.5) * config.apart
    if repeated:
        quarter = config.features // 4
        copies = x[:, :quarter].repeat(1, config.copies)
        blur = torch.randn(copies.shape, dtype=x.dtype, generator=rng)
        x = torch.cat([copies + config.blur * blur, x[:, quarter:]], dim=1)
    return x, labels


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
