"""What each family can do when features are missing at random.

Fitted to complete rows.  Generative models sum over what is missing; for logistic
regression it is filled in, or the training rows, too, lack features.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor

from paradigms.data import label_subsets
from paradigms.evaluation.statistics import band, intervals, paired_differences
from paradigms.experiments.outcome import Outcome, Row
from paradigms.experiments.pictures import Bands, Picture
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.models.discriminant_analysis import LDA, QDA
from paradigms.models.inference.missing_features import (
    conditional_mean,
    marginal_log_joint,
)
from paradigms.models.logistic_regression import LogisticRegression
from paradigms.models.naive_bayes import GaussianNaiveBayes

QUESTION = "What can each family do if features are missing?"
MEANS = "logistic regression, means"
ZEROS = "logistic regression, zeros"
DROPPING = "logistic regression, dropping"
GAUSSIAN = "logistic regression, a Gaussian"
FILLERS = (MEANS, ZEROS, DROPPING, GAUSSIAN)
# In a figure, by a short name.
CURVES = {
    "LDA": "LDA",
    "naive Bayes": "naive Bayes",
    "logistic, means": MEANS,
    "logistic, dropping": DROPPING,
}
# Pairs: the first minus the second.
PAIRS = (
    *(("LDA", other) for other in FILLERS),
    *(("QDA", other) for other in ("naive Bayes", "LDA", *FILLERS)),
    (DROPPING, MEANS),
    (DROPPING, GAUSSIAN),
    (MEANS, ZEROS),
)


@dataclass(frozen=True)
class MissingFeaturesConfig:
    """`shares` of the features are observed in each test row."""

    data: tuple[str, ...] = ("digits", "tumours")
    shares: tuple[float, ...] = (1.0, 0.9, 0.7, 0.5, 0.3, 0.1)
    copies: int = 3  # of each row, for training with dropped features
    penalties: tuple[float, ...] = (1e-3, 1e-2, 1e-1)
    smoothing: float = 1e-3  # of naive Bayes
    seeds: int = 8


CONFIG = MissingFeaturesConfig()
Scorer = Callable[[Tensor, Tensor], Tensor]  # x, observed (N, V) -> scores (N, K)
Errors = dict[str, dict[str, float]]  # by model and column


def column(share: float) -> str:
    """The column of an observed share."""
    return f"{share:.0%} seen"


def run(config: MissingFeaturesConfig, each: Each = serial_map) -> Outcome:
    """Errors by the share of features observed, and the differences of `PAIRS`."""
    cells = list(product(config.data, range(config.seeds)))
    results = dict(
        zip(
            cells, each(cells, lambda cell: errors_by_share(config, *cell)), strict=True
        )
    )
    rows: list[Row] = []
    figures: dict[str, Picture] = {}
    for data in config.data:
        runs = [results[data, seed] for seed in range(config.seeds)]
        by_model = {model: [run[model] for run in runs] for model in runs[0]}
        rows.append({"name": data, "draws": config.seeds})
        rows += [
            {"name": f"{data}, {model}"} | intervals(errors, shares=errors[0])
            for model, errors in by_model.items()
        ]
        rows += [
            {"name": f"{data}, {one} - {other}"}
            | paired_differences(by_model[one], by_model[other])
            for one, other in PAIRS
        ]
        curves = {
            name: band(
                {
                    round(100 * share): [run[column(share)] for run in by_model[model]]
                    for share in reversed(config.shares)
                },
                shares=True,
            )
            for name, model in CURVES.items()
        }
        figures[f"{data}/errors"] = Bands(bands=curves)
    return Outcome(rows, figures)


def errors_by_share(config: MissingFeaturesConfig, data: str, seed: int) -> Errors:
    """Errors of each model, by the share of features observed."""
    rng = torch.Generator().manual_seed(seed)
    x, labels = label_subsets.measurements(data)
    if data == "digits":  # dequantised, as a density needs
        x = x + torch.rand(x.shape, dtype=x.dtype, generator=rng) / 16
    order = torch.randperm(len(x), generator=rng)
    train, test = order.tensor_split([len(x) - len(x) // 4])
    models = scorers(config, x[train], labels[train], rng)
    errors: Errors = {model: {} for model in models}
    for share in config.shares:
        observed = draw_observed(x[test], share, rng)
        for model, scorer in models.items():
            wrong = scorer(x[test], observed).argmax(dim=1) != labels[test]
            errors[model][column(share)] = float(wrong.double().mean())
    return errors


def draw_observed(x: Tensor, share: float, rng: torch.Generator) -> Tensor:
    """A random mask of the features observed, with that share in each row. (N, V)"""
    ranks = torch.rand(x.shape, generator=rng).argsort(dim=1).argsort(dim=1)
    return ranks < max(1, round(share * x.shape[1]))


def scorers(
    config: MissingFeaturesConfig, x: Tensor, labels: Tensor, rng: torch.Generator
) -> dict[str, Scorer]:
    """Models fitted to rows (N, V), by name."""
    k = int(labels.max()) + 1
    mean, covariance = x.mean(dim=0), x.T.cov(correction=0)
    logistic = best_logistic(config, x, labels, len(x))
    corrupted = x.repeat(config.copies, 1)
    # Each row keeps a random share, from none to all.
    keep_rates = torch.rand(len(corrupted), 1, generator=rng)
    corrupted = torch.where(
        torch.rand(corrupted.shape, generator=rng) < keep_rates, corrupted, mean
    )
    dropping = best_logistic(config, corrupted, labels.repeat(config.copies), len(x))
    bayes = GaussianNaiveBayes(k, config.smoothing).fit(x, labels)
    variances = bayes.variance.diag_embed()  # (K, V, V)
    lda, qda = LDA(k).fit(x, labels), QDA(k).fit(x, labels)
    return {
        "naive Bayes": lambda x, observed: marginal_log_joint(
            bayes, variances, x, observed
        ),
        "LDA": lambda x, observed: marginal_log_joint(lda, lda.covariance, x, observed),
        "QDA": lambda x, observed: marginal_log_joint(qda, qda.covariance, x, observed),
        MEANS: lambda x, observed: logistic.logits(torch.where(observed, x, mean)),
        ZEROS: lambda x, observed: logistic.logits(torch.where(observed, x, 0.0)),
        DROPPING: lambda x, observed: dropping.logits(torch.where(observed, x, mean)),
        GAUSSIAN: lambda x, observed: logistic.logits(
            conditional_mean(mean, covariance, x, observed)
        ),
    }


def best_logistic(
    config: MissingFeaturesConfig, x: Tensor, labels: Tensor, rows: int
) -> LogisticRegression:
    """The penalty has the fewest errors on every fourth row; x may repeat all rows."""
    k, validation = int(labels.max()) + 1, torch.arange(len(x)) % rows % 4 == 0

    def mistakes(penalty: float) -> int:
        model = LogisticRegression(k, penalty).fit(x[~validation], labels[~validation])
        answers = model.logits(x[validation]).argmax(dim=1)
        return int((answers != labels[validation]).sum())

    best = min(config.penalties, key=mistakes)
    return LogisticRegression(k, best).fit(x, labels)


def smaller() -> MissingFeaturesConfig:
    """The same experiment, small enough for a test."""
    return MissingFeaturesConfig(
        data=("tumours",), shares=(1.0, 0.5), seeds=3, copies=2
    )
