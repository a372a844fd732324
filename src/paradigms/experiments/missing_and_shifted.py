"""What each family can do when features are missing, or the class prior has changed.

Fitted to complete rows, tested with features missing at random; fitted to balanced
classes, tested where one is rarer, with the new prior known or estimated from
unlabelled rows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from paradigms.data import label_subsets
from paradigms.evaluation.calibration import fit_temperature
from paradigms.evaluation.statistics import t_interval
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.models.discriminant_analysis import LDA, QDA
from paradigms.models.inference.missing_features import (
    conditional_mean,
    marginal_log_joint,
)
from paradigms.models.inference.prior_shift import em_class_prior
from paradigms.models.logistic_regression import LogisticRegression
from paradigms.models.naive_bayes import GaussianNaiveBayes, MultinomialNaiveBayes

QUESTION = (
    "What can each family do if features are missing, or the class prior changes?"
)
Score = Callable[[Tensor, Tensor], Tensor]
FILLED = "logistic regression, "
SHOWN = ("LDA", "naive Bayes", f"{FILLED}means", f"{FILLED}dropping")
FILLERS = tuple(FILLED + way for way in ("means", "zeros", "dropping", "a Gaussian"))
# Pairs: the first minus the second.
PAIRS = (
    *(("LDA", other) for other in FILLERS),
    *(("QDA", other) for other in ("naive Bayes", "LDA", *FILLERS)),
    (f"{FILLED}dropping", f"{FILLED}means"),
    (f"{FILLED}dropping", f"{FILLED}a Gaussian"),
    (f"{FILLED}means", f"{FILLED}zeros"),
)
CORRECTED = (
    ("naive Bayes", "logistic regression"),
    ("naive Bayes, temperature", "logistic regression, temperature"),
    ("naive Bayes, slope and shift", "logistic regression, slope and shift"),
    ("naive Bayes, slope and shift", "naive Bayes, temperature"),
)


@dataclass(frozen=True)
class MissingAndShiftedConfig:
    """`sizes`: training and validation rows, where the prior is shifted."""

    measured: tuple[str, ...] = ("digits", "tumours")
    seen: tuple[float, ...] = (1.0, 0.9, 0.7, 0.5, 0.3, 0.1)
    copies: int = 3  # of each row, for training with dropped features
    penalties: tuple[float, ...] = (1e-3, 1e-2, 1e-1)
    smoothing: float = 1e-3  # of naive Bayes with features missing
    smoothings: tuple[float, ...] = (0.1, 1.0, 10.0)  # of counts of words
    parts: tuple[float, ...] = (1e-9, 1e-2, 1e-1)  # of the variance, on normal classes
    shifted: tuple[str, ...] = ("imdb", "rotten_tomatoes", "normal classes")
    shares: tuple[float, ...] = (0.1, 0.3, 0.5, 0.7, 0.9)
    sizes: tuple[int, int] = (3000, 1500)
    asked: int = 400
    vocabulary: int = 5000
    features: int = 20
    apart: float = 0.5  # between class means per feature, in standard deviations
    seeds: int = 8
    splits: int = 8  # of the reviews, used in turn: one per draw


CONFIG = MissingAndShiftedConfig()


def run(
    config: MissingAndShiftedConfig, each: Each = serial_map
) -> list[dict[str, Any]]:
    """A row per data set, model and share; one per data set with its figure."""
    cells = list(product(config.measured, range(config.seeds)))
    rows = of_missing(config, cells, each(cells, lambda c: missing(config, *c)))
    cells = list(product(config.shifted, range(config.seeds)))
    return rows + of_shifted(config, cells, each(cells, lambda c: shifted(config, *c)))


def of_missing(
    config: MissingAndShiftedConfig, cells: list[Any], found: list[Any]
) -> list[dict[str, Any]]:
    """Errors by the share of features seen, and the paired differences of `PAIRS`."""
    rows = []
    for data in config.measured:
        results = [s for (name, _), s in zip(cells, found, strict=True) if name == data]
        errors = {
            model: torch.tensor([s[model] for s in results]) for model in results[0]
        }
        by_share = {
            model: list(zip(config.seen, errors[model].T, strict=True))[::-1]
            for model in SHOWN
        }
        bands = {
            short(model): [point(*at) for at in line]
            for model, line in by_share.items()
        }
        pictures = {"errors": {"bands": bands}}
        rows.append({"name": data, "draws": config.seeds, "pictures": pictures})
        gaps = {f"{a} - {b}": errors[a] - errors[b] for a, b in PAIRS}
        for name, values in (errors | gaps).items():
            by_share = zip(config.seen, values.T.tolist(), strict=True)
            row = {f"{share:.0%} seen": t_interval(tuple(at)) for share, at in by_share}
            rows.append({"name": f"{data}, {name}"} | row)
    return rows


def short(name: str) -> str:
    """A name short enough to label a curve."""
    return name.replace("logistic regression", "logistic")


def point(share: float, values: Tensor) -> list[float]:
    """For a figure: a share in percent, and mean and interval of values (N,)."""
    interval = t_interval(tuple(values.tolist()))
    return [round(100 * share), *(round(v, 4) for v in interval)]


def missing(
    config: MissingAndShiftedConfig, name: str, seed: int
) -> dict[str, list[float]]:
    """Errors of each model, one for each share of features seen."""
    rng = torch.Generator().manual_seed(seed)
    x, labels = label_subsets.measured(name)
    if name == "digits":  # dequantised, as a density needs
        x = x + torch.rand(x.shape, dtype=x.dtype, generator=rng) / 16
    order = torch.randperm(len(x), generator=rng)
    train, test = order.tensor_split([len(x) - len(x) // 4])
    models = answering(config, x[train], labels[train], rng)
    errors: dict[str, list[float]] = {model: [] for model in models}
    for share in config.seen:
        visible = hidden(x[test], share, rng)
        for model, score in models.items():
            wrong = score(x[test], visible).argmax(dim=1) != labels[test]
            errors[model].append(float(wrong.double().mean()))
    return errors


def hidden(x: Tensor, share: float, dice: torch.Generator) -> Tensor:
    """A random mask of the features seen, with that share in each row. (N, V)"""
    ranks = torch.rand(x.shape, generator=dice).argsort(dim=1).argsort(dim=1)
    return ranks < max(1, round(share * x.shape[1]))


def answering(
    config: MissingAndShiftedConfig, x: Tensor, labels: Tensor, dice: Any
) -> dict[str, Score]:
    """Scoring functions by name, of rows (N, V) and masks `seen` (N, V)."""
    k = int(labels.max()) + 1
    mean, covariance = x.mean(dim=0), x.T.cov(correction=0)
    logistic = chosen(config, x, labels, len(x))
    corrupted = x.repeat(config.copies, 1)
    # Each row keeps a random share, from none to all.
    keep_rates = torch.rand(len(corrupted), 1, generator=dice)
    corrupted = torch.where(
        torch.rand(corrupted.shape, generator=dice) < keep_rates, corrupted, mean
    )
    with_dropout = chosen(config, corrupted, labels.repeat(config.copies), len(x))
    bayes = GaussianNaiveBayes(k, config.smoothing).fit(x, labels)
    variances = bayes.variance.diag_embed()  # (K, V, V)
    lda, qda = LDA(k).fit(x, labels), QDA(k).fit(x, labels)
    return {
        "naive Bayes": lambda x, seen: marginal_log_joint(bayes, variances, x, seen),
        "LDA": lambda x, seen: marginal_log_joint(lda, lda.covariance, x, seen),
        "QDA": lambda x, seen: marginal_log_joint(qda, qda.covariance, x, seen),
        f"{FILLED}means": lambda x, s: logistic.logits(torch.where(s, x, mean)),
        f"{FILLED}zeros": lambda x, s: logistic.logits(torch.where(s, x, 0.0)),
        f"{FILLED}dropping": lambda x, s: with_dropout.logits(torch.where(s, x, mean)),
        f"{FILLED}a Gaussian": lambda x, s: logistic.logits(
            conditional_mean(mean, covariance, x, s)
        ),
    }


def chosen(
    config: MissingAndShiftedConfig, x: Tensor, labels: Tensor, rows: int
) -> LogisticRegression:
    """The penalty has the fewest errors on every fourth row; x may repeat all rows."""
    k, held_out = int(labels.max()) + 1, torch.arange(len(x)) % rows % 4 == 0

    def mistakes(penalty: float) -> int:
        model = LogisticRegression(k, penalty).fit(x[~held_out], labels[~held_out])
        return int((model.logits(x[held_out]).argmax(dim=1) != labels[held_out]).sum())

    best = min(config.penalties, key=mistakes)
    return LogisticRegression(k, best).fit(x, labels)


def of_shifted(
    config: MissingAndShiftedConfig, cells: list[Any], found: list[Any]
) -> list[dict[str, Any]]:
    """Errors, log-losses and gains, by data set, model and share of class 1."""
    rows = []
    for data in config.shifted:
        results = [s for (name, _), s in zip(cells, found, strict=True) if name == data]
        lines: dict[str, list[list[float]]] = {}
        for model, share in product(results[0], config.shares):
            seeds = [s[model][config.shares.index(share)] for s in results]
            row = {c: t_interval(tuple(s[c] for s in seeds)) for c in seeds[0]}
            rows.append({"name": f"{data}, {model}, {share:.0%}"} | row)
            if model in ("naive Bayes", "logistic regression"):
                for way in ("as trained", "estimated"):
                    values = point(
                        share, torch.tensor([s[f"error {way}"] for s in seeds])
                    )
                    lines.setdefault(short(f"{model}, {way}"), []).append(values)
        pictures = {"errors": {"bands": lines}}
        rows.append({"name": data, "draws": config.seeds, "pictures": pictures})
    return rows


def shifted(
    config: MissingAndShiftedConfig, name: str, seed: int
) -> dict[str, list[Any]]:
    """For each model, and each pair of them, scores at every share of class 1."""
    rng = torch.Generator().manual_seed(seed)
    logits_by_model, labels, prior = scores(config, name, seed, rng)
    indices = [(labels == k).nonzero()[:, 0] for k in (0, 1)]
    results: dict[str, list[Any]] = {model: [] for model in logits_by_model}
    for share in config.shares:
        count = round(share * config.asked)
        shuffled = [p[torch.randperm(len(p), generator=rng)] for p in indices]
        rows = torch.cat([shuffled[0][: config.asked - count], shuffled[1][:count]])
        new_prior = torch.tensor([1 - share, share], dtype=torch.float64).log()
        for model, model_logits in logits_by_model.items():
            results[model].append(
                compared(model_logits[rows], labels[rows], prior, new_prior)
            )
    for one, other in CORRECTED:
        pairs = zip(results[one], results[other], strict=True)
        gaps = [{score: a[score] - b[score] for score in a} for a, b in pairs]
        results[f"{one} - {other}"] = gaps
    return results


def compared(logits: Tensor, labels: Tensor, prior: Tensor, now: Tensor) -> Any:
    """Error and log-loss under the training, the true and an estimated prior.

    Shapes: logits (N, K), labels (N,), log-probabilities prior and now (K,).
    """
    estimated = em_class_prior(logits, prior)
    results = {"estimated share": float(estimated[1].exp())}
    for way, target in (("as trained", prior), ("told", now), ("estimated", estimated)):
        adjusted = logits + target - prior
        wrong = adjusted.argmax(dim=1) != labels
        results[f"error {way}"] = float(wrong.double().mean())
        results[f"log-loss {way}"] = float(cross_entropy(adjusted, labels))
        results[f"gained, {way}"] = (
            results["error as trained"] - results[f"error {way}"]
        )
    return results


def scores(
    config: MissingAndShiftedConfig, name: str, seed: int, dice: Any
) -> tuple[Any, ...]:
    """Test logits (N, 2) by model, test labels (N,), and the log prior of training.

    Each model has the setting with the least log-loss on validation rows with the
    training prior; the same rows fit its temperature, and its slope and shift.
    """
    train, validation, test = draw_task(config, name, seed, dice)
    results = {}
    for model, settings in candidates(config, name).items():
        models = [setting.fit(*train) for setting in settings]
        validation_logits = [logits(candidate, validation[0]) for candidate in models]
        losses = [
            float(cross_entropy(outputs, validation[1]))
            for outputs in validation_logits
        ]
        best = losses.index(min(losses))
        test_logits, outputs = logits(models[best], test[0]), validation_logits[best]
        results[model] = test_logits
        results[f"{model}, temperature"] = test_logits / fit_temperature(
            outputs, validation[1]
        )
        results[f"{model}, slope and shift"] = straightened(
            outputs, validation[1], test_logits
        )
    prior = train[1].bincount().double() / len(train[1])
    return results, test[1], prior.log()


def candidates(config: MissingAndShiftedConfig, name: str) -> dict[str, list[Any]]:
    """Each model with its candidate settings, chosen by log-loss."""
    logistic = [LogisticRegression(2, penalty) for penalty in config.penalties]
    if name in label_subsets.SOURCES:
        multinomial = [MultinomialNaiveBayes(2, s) for s in config.smoothings]
        return {"naive Bayes": multinomial, "logistic regression": logistic}
    gaussian = [GaussianNaiveBayes(2, part, shared=True) for part in config.parts]
    return {"naive Bayes": gaussian, "LDA": [LDA()], "logistic regression": logistic}


def logits(model: Any, x: Any) -> Tensor:
    """For a generative model log P(X, Y): only differences between classes count."""
    if isinstance(model, LogisticRegression):
        return model.logits(x)
    return model.log_joint(x)


def straightened(given: Tensor, labels: Tensor, asked: Tensor) -> Tensor:
    """Logits (M, 2) after a slope and a shift of log-odds, fitted on `given` (N, 2).

    A temperature has the slope alone, so it cannot correct a bias towards one class.
    Source: Platt (1999), without the smoothed targets.
    """
    log_odds, test_log_odds = (
        two_logits[:, 1:] - two_logits[:, :1] for two_logits in (given, asked)
    )
    scale = log_odds.std()  # naive Bayes gives hundreds of nats: slow to fit
    model = LogisticRegression(2, 0.0).fit(log_odds / scale, labels)
    return model.logits(test_log_odds / scale)


def draw_task(
    config: MissingAndShiftedConfig, name: str, seed: int, dice: Any
) -> list[tuple[Any, Tensor]]:
    """Training, validation and test rows with labels; classes are about balanced."""
    if name in label_subsets.SOURCES:
        task = label_subsets.reviews(name, config.vocabulary, seed % config.splits)
        order = torch.randperm(len(task.x), generator=dice)[: sum(config.sizes)]
        parts = order.split(list(config.sizes))
        labelled = [(task.rows(part), task.labels[part]) for part in parts]
        return [*labelled, (task.test, task.test_labels)]
    samples = []
    for count in (*config.sizes, 4 * config.asked):
        labels = torch.arange(count) % 2
        x = torch.randn(count, config.features, dtype=torch.float64, generator=dice)
        samples.append((x + (labels[:, None] - 0.5) * config.apart, labels))
    return samples


def smaller() -> MissingAndShiftedConfig:
    """The same experiment, small enough for a test."""
    return MissingAndShiftedConfig(
        measured=("tumours",),
        shifted=("rotten_tomatoes", "normal classes"),
        seen=(1.0, 0.5),
        shares=(0.1, 0.5),
        seeds=3,
        splits=1,
        vocabulary=2000,
        copies=2,
    )
