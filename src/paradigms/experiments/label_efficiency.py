"""Generative against discriminative classifiers by the number of labels.

Six kinds of data: reviews as counts of words (two sources), tumours and digits as
measurements, and two made by rule: one in which naive Bayes' assumption holds, one in
which a quarter of the features is told nine times.
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
    """Labels for training and for choosing a setting, a quarter of them for the latter.

    Each quarter in turn up to `largest_folded` labels; beyond, and for SVMs, one.
    `seeds` draws of labels for each size; reviews are cut into `splits` of training and
    test texts, one draw in turn from each: the draws of a split are averaged first, and
    an interval is one over splits.  SVMs are fitted up to `largest_svm` labels.
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
    apart: float = 0.5  # distance of the class means, in deviations, of each feature
    copies: int = 9  # of the first quarter of the features
    blur: float = 0.5  # deviation of the noise on each copy
    largest_svm: int = 200
    largest_folded: int = 300
    resamples: int = 2000


CONFIG = LabelEfficiencyConfig()


def run(config: LabelEfficiencyConfig, each: Each = serial_map) -> list[dict[str, Any]]:
    """A row for data, model and size; one for each pair with where its curves cross."""
    cells = [(name, size) for name, sizes in config.sizes for size in sizes]
    found = each(cells, lambda cell: errors(config, *cell))
    scores: dict[str, dict[int, dict[str, Tensor]]] = {}
    for (name, size), scored in zip(cells, found, strict=True):
        at = {m: independent(config, name, values) for m, values in scored.items()}
        scores.setdefault(name, {})[size] = at
    rows = [
        {"name": f"{name}, {model}, {size}", "error": t_interval(tuple(at.tolist()))}
        for name, sizes in scores.items()
        for size, scored in sizes.items()
        for model, at in scored.items()
    ]
    for name, sizes in scores.items():
        drawn = {"pictures": {"errors": {"bands": bands(sizes)}}}
        first, *others = compared(config, name, sizes)
        rows += [first | drawn, *others]
    return rows


def independent(
    config: LabelEfficiencyConfig, name: str, values: list[float]
) -> Tensor:
    """One value a draw, or of reviews one a split: its draws share their test part."""
    drawn = torch.tensor(values)
    if name not in label_subsets.SOURCES:
        return drawn
    parts = [drawn[split :: config.splits].mean() for split in range(config.splits)]
    return torch.stack(parts)  # (splits,)


def errors(
    config: LabelEfficiencyConfig, name: str, size: int
) -> dict[str, list[float]]:
    """Shares of wrong answers on the test data, model by model, one for each seed."""
    found: dict[str, list[float]] = {}
    for seed in range(config.seeds):
        dice = torch.Generator().manual_seed(1000 * size + seed)
        given = task(config, name, seed, dice)
        chosen = label_subsets.draw_subset(given.labels, size, dice)
        for model, settings in candidates(config, name, size, given).items():
            slow = model == "linear SVM" or size > config.largest_folded
            folds = 1 if slow else 4
            best = chosen_setting(settings, given, chosen, folds)
            wrong = answers(best, given.test) != given.test_labels
            found.setdefault(model, []).append(float(wrong.double().mean()))
    return found


def chosen_setting(
    settings: list[Callable[[], Any]],
    given: label_subsets.Task,
    chosen: Tensor,
    folds: int,
) -> Any:
    """The setting with the fewest mistakes on held-out labels, fitted again to all.

    Held out is every fourth label, then the next ones in turn, `folds` in all.
    Of equals it is the first, the middle one: few labels do not tell them apart.
    """
    place = torch.arange(len(chosen)) % 4  # parts the first two of each class
    parts = [(chosen[place != fold], chosen[place == fold]) for fold in range(folds)]
    tables = [(given.rows(fit), given.rows(held)) for fit, held in parts]

    def mistakes(make: Callable[[], Any]) -> int:
        wrong = 0
        for (fit, held), (x, asked) in zip(parts, tables, strict=True):
            model = make().fit(x, given.labels[fit])
            wrong += int((answers(model, asked) != given.labels[held]).sum())
        return wrong

    make = min(settings, key=mistakes) if len(settings) > 1 else settings[0]
    return make().fit(given.rows(chosen), given.labels[chosen])


class ShrunkLDA(LDA):
    """LDA with `part` of its covariance replaced by equal variances without covariance.

    So it has an inverse with few rows, as logistic regression has a penalty.
    Source: Friedman (1989), with one covariance for all classes.
    """

    def __init__(self, classes: int, part: float) -> None:
        super().__init__(classes)
        self.part = part

    def scatter(self, away: Tensor, share: Tensor) -> Tensor:
        whole = super().scatter(away, share)  # (1, V, V)
        mean = whole.diagonal(dim1=1, dim2=2).mean()
        even = mean * torch.eye(whole.shape[1], dtype=whole.dtype)
        return (1 - self.part) * whole + self.part * even


class OneAgainstRest:
    """An SVM for each class; the answer is the class with the highest score."""

    def __init__(self, classes: int, cost: float) -> None:
        self.machines = [LinearSVM(cost) for _ in range(classes)]

    def fit(self, x: Any, labels: Tensor) -> "OneAgainstRest":
        """x: rows (N, V), or counted texts."""
        x = table(x)
        for label, machine in enumerate(self.machines):
            machine.fit(x, (labels == label).long())
        return self

    def predict_proba(self, x: Any) -> Tensor:
        """Scores, of which only the order has a meaning. (N, K)"""
        x = table(x)
        return torch.stack([machine.decision(x) for machine in self.machines], dim=1)


def table(x: Any) -> Tensor:
    """Rows of numbers; counted texts are written out."""
    return x if isinstance(x, Tensor) else x.rows.to_dense()


def answers(model: Any, x: Any) -> Tensor:
    """The likeliest class of each row. (N,)"""
    return model.predict_proba(x).argmax(dim=1)


def candidates(
    config: LabelEfficiencyConfig, name: str, size: int, given: label_subsets.Task
) -> dict[str, list[Callable[[], Any]]]:
    """Every model with the settings among which held-out labels choose.

    The middle of its range stands first, one variance before several: where labels do
    not tell settings apart, neither end should win by its place.
    """
    k = int(given.labels.max()) + 1
    texts = name in label_subsets.SOURCES
    found: dict[str, list[Callable[[], Any]]] = {
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
        found["linear SVM"] = [lambda c=c: OneAgainstRest(k, c) for c in costs]
    if texts:
        return found
    found["LDA, shrunk"] = [
        lambda s=s: ShrunkLDA(k, s) for s in (1e-1, 1e-2, 0.5, 1e-3)
    ]
    if name != "digits" and size > 2 * given.x.shape[1]:
        found["LDA"] = [LDA]  # some pixels of digits are constant in a small draw
        if name in MADE:  # where it is true: both as they are, neither held back
            found["logistic regression, no penalty"] = [
                lambda: LogisticRegression(k, 0.0)
            ]
    return found


def task(
    config: LabelEfficiencyConfig, name: str, seed: int, dice: torch.Generator
) -> label_subsets.Task:
    """The data of that name: their training part and their test part for a seed."""
    if name in label_subsets.SOURCES:
        return label_subsets.reviews(name, config.vocabulary, seed % config.splits)
    if name in ("tumours", "digits"):
        x, labels = label_subsets.measured(name)
        order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
        train, test = order.tensor_split([len(x) - len(x) // 5])
        if name == "tumours":
            train, test = order.tensor_split([400])
        return label_subsets.Task(x[train], labels[train], x[test], labels[test])
    made = [
        by_rule(config, name, count, dice)
        for count in (max(dict(config.sizes)[name]) + 100, 5000)
    ]
    return label_subsets.Task(*made[0], *made[1])


def by_rule(
    config: LabelEfficiencyConfig, name: str, count: int, dice: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Two classes of normal features, independent given the class, or some repeated."""
    labels = torch.randint(2, (count,), generator=dice)
    noise = torch.randn(count, config.features, dtype=torch.float64, generator=dice)
    x = noise + (labels[:, None] - 0.5) * config.apart
    if name == MADE[1]:
        told = x[:, : config.features // 4].repeat(1, config.copies)
        blur = torch.randn(told.shape, dtype=x.dtype, generator=dice)
        x = torch.cat([told + config.blur * blur, x[:, config.features // 4 :]], dim=1)
    return x, labels


def compared(
    config: LabelEfficiencyConfig, name: str, scores: dict[int, dict[str, Tensor]]
) -> Iterator[dict[str, Any]]:
    """For each pair: its difference at every size, and the size where it turns."""
    for one, other in PAIRS:
        gaps = {
            size: scored[one] - scored[other]
            for size, scored in scores.items()
            if one in scored and other in scored
        }
        if len(gaps) < 2:
            continue
        row: dict[str, Any] = {"name": f"{name}, {one} - {other}"}
        for size, gap in gaps.items():
            row[f"at {size}"] = t_interval(tuple(gap.tolist()))
        yield row | crossover(gaps, config.resamples)


def bands(scores: dict[int, dict[str, Tensor]]) -> dict[str, list[list[float]]]:
    """For a figure: size, mean, low and high of four models, rounded."""
    known = {model for scored in scores.values() for model in scored}
    found: dict[str, list[list[float]]] = {}
    for model in [model for model in DRAWN if model in known][:4]:
        found[model] = [
            [size, *(round(v, 4) for v in t_interval(tuple(scored[model].tolist())))]
            for size, scored in scores.items()
            if model in scored
        ]
    return found


def smaller() -> LabelEfficiencyConfig:
    """The same question at a size that a test can afford."""
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
