"""What each family can do when features are missing, or the class prior has changed.

Fitted to whole rows, asked with features hidden at random; fitted to balanced classes,
asked where one is rarer: the new prior is told, or estimated from unlabelled rows.
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
# The first less the second, in pairs.
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
    """`sizes`: rows to learn from and to correct on, where the prior is shifted."""

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
    apart: float = 0.5  # distance of the class means, in deviations, of each feature
    seeds: int = 8
    splits: int = 8  # of the reviews, taken in turn: one for each draw


CONFIG = MissingAndShiftedConfig()


def run(
    config: MissingAndShiftedConfig, each: Each = serial_map
) -> list[dict[str, Any]]:
    """A row for data, model and share; two for each data with figures."""
    cells = list(product(config.measured, range(config.seeds)))
    rows = of_missing(config, cells, each(cells, lambda c: missing(config, *c)))
    cells = list(product(config.shifted, range(config.seeds)))
    return rows + of_shifted(config, cells, each(cells, lambda c: shifted(config, *c)))


def of_missing(
    config: MissingAndShiftedConfig, cells: list[Any], found: list[Any]
) -> list[dict[str, Any]]:
    """Errors by the share seen, and the differences of `PAIRS`, draw by draw."""
    rows = []
    for data in config.measured:
        scored = [s for (name, _), s in zip(cells, found, strict=True) if name == data]
        errors = {m: torch.tensor([s[m] for s in scored]) for m in scored[0]}
        ats = {m: list(zip(config.seen, errors[m].T, strict=True))[::-1] for m in SHOWN}
        bands = {short(m): [point(*at) for at in line] for m, line in ats.items()}
        drawn = {"errors": {"bands": bands}}
        rows.append({"name": data, "draws": config.seeds, "pictures": drawn})
        gaps = {f"{a} - {b}": errors[a] - errors[b] for a, b in PAIRS}
        for name, values in (errors | gaps).items():
            ats = zip(config.seen, values.T.tolist(), strict=True)
            row = {f"{seen:.0%} seen": t_interval(tuple(at)) for seen, at in ats}
            rows.append({"name": f"{data}, {name}"} | row)
    return rows


def short(name: str) -> str:
    """A name that fits the end of a line."""
    return name.replace("logistic regression", "logistic")


def point(share: float, values: Tensor) -> list[float]:
    """For a figure: a share in percent, and the interval of some values (N,)."""
    at = t_interval(tuple(values.tolist()))
    return [round(100 * share), *(round(v, 4) for v in at)]


def missing(
    config: MissingAndShiftedConfig, name: str, seed: int
) -> dict[str, list[float]]:
    """Errors of each model, one for each share of features seen."""
    dice = torch.Generator().manual_seed(seed)
    x, labels = label_subsets.measured(name)
    if name == "digits":  # a density needs noise of one grey level on whole numbers
        x = x + torch.rand(x.shape, dtype=x.dtype, generator=dice) / 16
    order = torch.randperm(len(x), generator=dice)
    learn, ask = order.tensor_split([len(x) - len(x) // 4])
    models = answering(config, x[learn], labels[learn], dice)
    found: dict[str, list[float]] = {model: [] for model in models}
    for share in config.seen:
        seen = hidden(x[ask], share, dice)
        for model, answer in models.items():
            wrong = answer(x[ask], seen).argmax(dim=1) != labels[ask]
            found[model].append(float(wrong.double().mean()))
    return found


def hidden(x: Tensor, share: float, dice: torch.Generator) -> Tensor:
    """Which features of each row are seen: that share of them, at random. (N, V)"""
    ranks = torch.rand(x.shape, generator=dice).argsort(dim=1).argsort(dim=1)
    return ranks < max(1, round(share * x.shape[1]))


def answering(
    config: MissingAndShiftedConfig, x: Tensor, labels: Tensor, dice: Any
) -> dict[str, Score]:
    """By name, what scores rows (N, V) of which `seen` (N, V) says what may be used."""
    k = int(labels.max()) + 1
    mean, spread = x.mean(dim=0), x.T.cov(correction=0)
    fitted = chosen(config, x, labels, len(x))
    more = x.repeat(config.copies, 1)
    shares = torch.rand(len(more), 1, generator=dice)  # from nothing to all is dropped
    more = torch.where(torch.rand(more.shape, generator=dice) < shares, more, mean)
    dropped = chosen(config, more, labels.repeat(config.copies), len(x))
    bayes = GaussianNaiveBayes(k, config.smoothing).fit(x, labels)
    variances = bayes.variance.diag_embed()  # (K, V, V)
    lda, qda = LDA(k).fit(x, labels), QDA(k).fit(x, labels)
    return {
        "naive Bayes": lambda x, seen: marginal_log_joint(bayes, variances, x, seen),
        "LDA": lambda x, seen: marginal_log_joint(lda, lda.covariance, x, seen),
        "QDA": lambda x, seen: marginal_log_joint(qda, qda.covariance, x, seen),
        f"{FILLED}means": lambda x, s: fitted.logits(torch.where(s, x, mean)),
        f"{FILLED}zeros": lambda x, s: fitted.logits(torch.where(s, x, 0.0)),
        f"{FILLED}dropping": lambda x, s: dropped.logits(torch.where(s, x, mean)),
        f"{FILLED}a Gaussian": lambda x, s: fitted.logits(
            conditional_mean(mean, spread, x, s)
        ),
    }


def chosen(
    config: MissingAndShiftedConfig, x: Tensor, labels: Tensor, rows: int
) -> LogisticRegression:
    """By the mistakes on each fourth row; x may tell all `rows` again and again."""
    k, held = int(labels.max()) + 1, torch.arange(len(x)) % rows % 4 == 0

    def mistakes(penalty: float) -> int:
        model = LogisticRegression(k, penalty).fit(x[~held], labels[~held])
        return int((model.logits(x[held]).argmax(dim=1) != labels[held]).sum())

    best = min(config.penalties, key=mistakes)
    return LogisticRegression(k, best).fit(x, labels)


def of_shifted(
    config: MissingAndShiftedConfig, cells: list[Any], found: list[Any]
) -> list[dict[str, Any]]:
    """Errors, log-losses and what was gained, by data, model and share of class 1."""
    rows = []
    for data in config.shifted:
        scored = [s for (name, _), s in zip(cells, found, strict=True) if name == data]
        lines: dict[str, list[list[float]]] = {}
        for model, share in product(scored[0], config.shares):
            seeds = [s[model][config.shares.index(share)] for s in scored]
            row = {c: t_interval(tuple(s[c] for s in seeds)) for c in seeds[0]}
            rows.append({"name": f"{data}, {model}, {share:.0%}"} | row)
            if model in ("naive Bayes", "logistic regression"):
                for way in ("as trained", "estimated"):
                    at = point(share, torch.tensor([s[f"error {way}"] for s in seeds]))
                    lines.setdefault(short(f"{model}, {way}"), []).append(at)
        drawn = {"errors": {"bands": lines}}
        rows.append({"name": data, "draws": config.seeds, "pictures": drawn})
    return rows


def shifted(
    config: MissingAndShiftedConfig, name: str, seed: int
) -> dict[str, list[Any]]:
    """For each model, and each pair of them, scores at every share of class 1."""
    dice = torch.Generator().manual_seed(seed)
    given, labels, prior = scores(config, name, seed, dice)
    places = [(labels == k).nonzero()[:, 0] for k in (0, 1)]
    found: dict[str, list[Any]] = {model: [] for model in given}
    for share in config.shares:
        count = round(share * config.asked)
        mixed = [p[torch.randperm(len(p), generator=dice)] for p in places]
        rows = torch.cat([mixed[0][: config.asked - count], mixed[1][:count]])
        now = torch.tensor([1 - share, share], dtype=torch.float64).log()
        for model, scored in given.items():
            found[model].append(compared(scored[rows], labels[rows], prior, now))
    for one, other in CORRECTED:
        pairs = zip(found[one], found[other], strict=True)
        gaps = [{score: a[score] - b[score] for score in a} for a, b in pairs]
        found[f"{one} - {other}"] = gaps
    return found


def compared(logits: Tensor, labels: Tensor, prior: Tensor, now: Tensor) -> Any:
    """Error and log-loss under the prior of training, the true one, an estimated one.

    Shapes: logits (N, K), labels (N,), prior and now (K,) in logs.
    """
    guess = em_class_prior(logits, prior)
    found = {"estimated share": float(guess[1].exp())}
    for way, to in (("as trained", prior), ("told", now), ("estimated", guess)):
        moved = logits + to - prior
        wrong = moved.argmax(dim=1) != labels
        found[f"error {way}"] = float(wrong.double().mean())
        found[f"log-loss {way}"] = float(cross_entropy(moved, labels))
        found[f"gained, {way}"] = found["error as trained"] - found[f"error {way}"]
    return found


def scores(
    config: MissingAndShiftedConfig, name: str, seed: int, dice: Any
) -> tuple[Any, ...]:
    """Logits (N, 2) by model for rows with labels (N,), and the log prior of training.

    Of each model the setting with the least log-loss on rows of the same prior as in
    training; the same rows fit its temperature, and its slope and shift.
    """
    learn, correct, ask = drawn(config, name, seed, dice)
    found = {}
    for model, settings in candidates(config, name).items():
        fitted = [setting.fit(*learn) for setting in settings]
        known = [logits(one, correct[0]) for one in fitted]
        losses = [float(cross_entropy(given, correct[1])) for given in known]
        best = losses.index(min(losses))
        asked, given = logits(fitted[best], ask[0]), known[best]
        found[model] = asked
        found[f"{model}, temperature"] = asked / fit_temperature(given, correct[1])
        found[f"{model}, slope and shift"] = straightened(given, correct[1], asked)
    prior = learn[1].bincount().double() / len(learn[1])
    return found, ask[1], prior.log()


def candidates(config: MissingAndShiftedConfig, name: str) -> dict[str, list[Any]]:
    """Each model with the settings among which the log-loss chooses."""
    logistic = [LogisticRegression(2, penalty) for penalty in config.penalties]
    if name in label_subsets.SOURCES:
        counted = [MultinomialNaiveBayes(2, s) for s in config.smoothings]
        return {"naive Bayes": counted, "logistic regression": logistic}
    bayes = [GaussianNaiveBayes(2, part, shared=True) for part in config.parts]
    return {"naive Bayes": bayes, "LDA": [LDA()], "logistic regression": logistic}


def logits(model: Any, x: Any) -> Tensor:
    """Of a generative model log P(X, Y): only differences between classes count."""
    if isinstance(model, LogisticRegression):
        return model.logits(x)
    return model.log_joint(x)


def straightened(given: Tensor, labels: Tensor, asked: Tensor) -> Tensor:
    """Logits (M, 2) after a slope and a shift of log-odds, fitted on others (N, 2).

    A temperature has the slope alone, so it cannot mend a lean to one class.
    Source: Platt (1999), without the smoothed targets.
    """
    odds, others = (each[:, 1:] - each[:, :1] for each in (given, asked))
    scale = odds.std()  # naive Bayes gives hundreds of nats, which search slowly
    fitted = LogisticRegression(2, 0.0).fit(odds / scale, labels)
    return fitted.logits(others / scale)


def drawn(
    config: MissingAndShiftedConfig, name: str, seed: int, dice: Any
) -> list[tuple[Any, Tensor]]:
    """Rows and labels to learn from, to correct on and to ask; classes about equal."""
    if name in label_subsets.SOURCES:
        task = label_subsets.reviews(name, config.vocabulary, seed % config.splits)
        order = torch.randperm(len(task.x), generator=dice)[: sum(config.sizes)]
        parts = order.split(list(config.sizes))
        known = [(task.rows(part), task.labels[part]) for part in parts]
        return [*known, (task.test, task.test_labels)]
    found = []
    for count in (*config.sizes, 4 * config.asked):
        labels = torch.arange(count) % 2
        x = torch.randn(count, config.features, dtype=torch.float64, generator=dice)
        found.append((x + (labels[:, None] - 0.5) * config.apart, labels))
    return found


def smaller() -> MissingAndShiftedConfig:
    """The same question at a size that a test can afford."""
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
