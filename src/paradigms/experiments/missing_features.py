"""What each family can do when features are missing, at random or by their value.

Fitted to complete rows, generative models sum over what is missing; for logistic
regression it is filled in, or a model of the observed features alone is fitted for each
row.  Other models are fitted to rows with gaps, and some of them see where these are.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from math import log, nan, pi

import torch
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression as ReferenceRegression
from torch import Tensor

from paradigms.data import label_subsets
from paradigms.data.bag_of_words import one_hot
from paradigms.evaluation.statistics import band, holm_rows, intervals
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

QUESTION = "How well does each kind of classifier predict when features are missing?"
MEAN_IMPUTATION = "logistic regression, mean imputation"
ZERO_IMPUTATION = "logistic regression, zero imputation"
MISSING_IN_TRAINING = "logistic regression, missing values in training"
GAUSSIAN_IMPUTATION = "logistic regression, Gaussian imputation"
IMPUTATIONS = (
    MEAN_IMPUTATION,
    ZERO_IMPUTATION,
    MISSING_IN_TRAINING,
    GAUSSIAN_IMPUTATION,
)
REDUCED = "logistic regression, reduced models"  # a fit for each pattern of gaps
INDICATORS = "logistic regression, missing indicators"
TREES = "boosted trees, missing values in training"
TREES_COMPLETE = "boosted trees, complete training rows"
MODELLED = "naive Bayes, missingness modelled"
# In a figure, by a short name.
CURVES = {
    "LDA": "LDA",
    "naive Bayes": "naive Bayes",
    "logistic, mean imputation": MEAN_IMPUTATION,
    "logistic, missing indicators": INDICATORS,
    "boosted trees": TREES,
}
CURVES_BY_VALUE = {
    "naive Bayes": "naive Bayes",
    "naive Bayes, missingness modelled": MODELLED,
    "QDA": "QDA",
    "logistic, mean imputation": MEAN_IMPUTATION,
    "logistic, missing indicators": INDICATORS,
    "boosted trees": TREES,
}
# Pairs: the first minus the second.
PAIRS = (
    *(("LDA", other) for other in IMPUTATIONS),
    *(("QDA", other) for other in ("naive Bayes", "LDA", *IMPUTATIONS)),
    (MISSING_IN_TRAINING, MEAN_IMPUTATION),
    (MISSING_IN_TRAINING, GAUSSIAN_IMPUTATION),
    (MEAN_IMPUTATION, ZERO_IMPUTATION),
    *(
        (one, other)
        for one in ("naive Bayes", "LDA", "QDA")
        for other in (REDUCED, INDICATORS, TREES)
    ),
    (REDUCED, MEAN_IMPUTATION),
    (REDUCED, GAUSSIAN_IMPUTATION),
    (INDICATORS, MISSING_IN_TRAINING),
    (TREES, REDUCED),
    (TREES, INDICATORS),
    (TREES, TREES_COMPLETE),
)
PAIRS_BY_VALUE = (
    (MODELLED, "naive Bayes"),
    (MODELLED, INDICATORS),
    (MODELLED, TREES),
    ("naive Bayes", INDICATORS),
    ("LDA", INDICATORS),
    ("QDA", INDICATORS),
    ("QDA", TREES),
    (REDUCED, MEAN_IMPUTATION),
    (REDUCED, INDICATORS),
    (INDICATORS, MISSING_IN_TRAINING),
    (TREES, INDICATORS),
    (TREES, REDUCED),
    (TREES, TREES_COMPLETE),
)


@dataclass(frozen=True)
class MissingFeaturesConfig:
    """`shares` of the features are observed in each test row.

    By value: a feature is hidden if its value, plus `noise`, is high; both in standard
    deviations.  `shares_by_value` are observed on average.
    """

    data: tuple[str, ...] = ("digits", "tumours")
    shares: tuple[float, ...] = (1.0, 0.9, 0.7, 0.5, 0.3, 0.1)
    shares_by_value: tuple[float, ...] = (0.7, 0.5)
    shares_reduced: tuple[float, ...] = (0.5, 0.3)  # slow: a fit for each test row
    noise: float = 0.5
    copies: int = 3  # of each row, for training with gaps
    penalties: tuple[float, ...] = (1e-3, 1e-2, 1e-1)
    smoothing: float = 1e-3  # of naive Bayes
    seeds: int = 8


CONFIG = MissingFeaturesConfig()
Scorer = Callable[[Tensor, Tensor], Tensor]  # x, observed (N, V) -> scores (N, K)
Errors = dict[str, dict[str, float]]  # by model and column
HALF_LOG_TWO_PI = log(2 * pi) / 2


def column(share: float) -> str:
    """The column of an observed share."""
    return f"{share:.0%} observed"


def run(config: MissingFeaturesConfig, each: Each = serial_map) -> Outcome:
    """Errors by the share of features observed, and differences of pairs.

    P-values are adjusted by Holm's method for all differences of a data set and way
    of hiding.
    """
    cells = list(product(config.data, range(config.seeds)))
    results = dict(
        zip(cells, each(cells, lambda cell: errors_by_way(config, *cell)), strict=True)
    )
    rows: list[Row] = []
    figures: dict[str, Picture] = {}
    for data in config.data:
        rows.append({"name": data, "random splits": config.seeds})
        ways = (
            (data, config.shares, PAIRS, CURVES),
            (
                f"{data}, not at random",
                config.shares_by_value,
                PAIRS_BY_VALUE,
                CURVES_BY_VALUE,
            ),
        )
        for way, (name, shares, pairs, lines) in enumerate(ways):
            runs = [results[data, seed][way] for seed in range(config.seeds)]
            by_model = {model: [run[model] for run in runs] for model in runs[0]}
            rows += [
                {"name": f"{name}, {model}"} | intervals(errors, shares=errors[0])
                for model, errors in by_model.items()
            ]
            rows += holm_rows(
                {
                    f"{name}, {one} - {other}": (by_model[one], by_model[other])
                    for one, other in pairs
                }
            )
            figures[f"{name}/errors"] = curves(by_model, shares, lines)
    return Outcome(rows, figures)


def curves(
    by_model: Mapping[str, list[dict[str, float]]],
    shares: tuple[float, ...],
    lines: dict[str, str],
) -> Bands:
    """The errors of some models by the share observed."""
    bands = {
        name: band(
            {
                round(100 * share): [run[column(share)] for run in by_model[model]]
                for share in reversed(shares)
                if column(share) in by_model[model][0]
            },
            shares=True,
        )
        for name, model in lines.items()
    }
    return Bands(bands=bands)


def errors_by_way(
    config: MissingFeaturesConfig, data: str, seed: int
) -> tuple[Errors, Errors]:
    """Errors of each model by the share observed: hidden at random, and by value."""
    rng = torch.Generator().manual_seed(seed)
    x, labels = label_subsets.measurements(data)
    if data == "digits":  # dequantised, as a density needs
        x = x + torch.rand(x.shape, dtype=x.dtype, generator=rng) / 16
    order = torch.randperm(len(x), generator=rng)
    train, test = order.tensor_split([len(x) - len(x) // 4])
    split = Split(x[train], labels[train], x[test], labels[test])
    complete = fit_complete(config, split)
    # Each row keeps a random share, from none to all.
    copies = config.copies * len(train)
    keep_rates = torch.rand(copies, 1, generator=rng)
    observed = torch.rand(copies, x.shape[1], generator=rng) < keep_rates
    models = complete | fit_with_gaps(config, split, observed)
    at_random: Errors = {model: {} for model in models}
    for share in config.shares:
        observed = draw_observed(split.test, share, rng)
        add_errors(config, at_random, models, split, observed, share)
    by_value: Errors = {model: {} for model in (*models, MODELLED)}
    rng = torch.Generator().manual_seed(1000 + seed)
    for share in config.shares_by_value:
        hide = HighValues.of(config, split.x, share, rng)
        observed = hide.observed(split.x.repeat(config.copies, 1), rng)
        aware = fit_with_gaps(config, split, observed)
        aware[MODELLED] = fit_modelled(config, split, observed)
        observed = hide.observed(split.test, rng)
        add_errors(config, by_value, complete | aware, split, observed, share)
    return at_random, by_value


@dataclass(frozen=True)
class Split:
    """Training and test rows (N, V), with labels (N,)."""

    x: Tensor
    labels: Tensor
    test: Tensor
    test_labels: Tensor


def add_errors(
    config: MissingFeaturesConfig,
    errors: Errors,
    models: Mapping[str, Scorer],
    split: Split,
    observed: Tensor,
    share: float,
) -> None:
    """The error rate of each model on the test rows, where these are observed."""
    for model, scorer in models.items():
        if model == REDUCED and share not in config.shares_reduced:
            continue
        wrong = scorer(split.test, observed).argmax(dim=1) != split.test_labels
        errors[model][column(share)] = float(wrong.double().mean())


@dataclass(frozen=True)
class HighValues:
    """Hides a value if it, plus noise, is beyond a threshold, in deviations (V,)."""

    mean: Tensor
    deviation: Tensor
    noise: float
    threshold: float = 0.0

    @classmethod
    def of(
        cls,
        config: MissingFeaturesConfig,
        x: Tensor,
        share: float,
        rng: torch.Generator,
    ) -> "HighValues":
        """With the threshold that leaves a share of the training rows observed."""
        start = cls(x.mean(dim=0), x.std(dim=0), config.noise)
        threshold = start.scores(x, rng).flatten().quantile(share)
        return cls(start.mean, start.deviation, config.noise, float(threshold))

    def scores(self, x: Tensor, rng: torch.Generator) -> Tensor:
        """Standardised values plus noise. (N, V)"""
        noise = torch.randn(x.shape, dtype=x.dtype, generator=rng)
        return (x - self.mean) / self.deviation + self.noise * noise

    def observed(self, x: Tensor, rng: torch.Generator) -> Tensor:
        """A random mask of the features observed. (N, V)"""
        return self.scores(x, rng) < self.threshold


def draw_observed(x: Tensor, share: float, rng: torch.Generator) -> Tensor:
    """A random mask of the features observed, with that share in each row. (N, V)"""
    ranks = torch.rand(x.shape, generator=rng).argsort(dim=1).argsort(dim=1)
    return ranks < max(1, round(share * x.shape[1]))


def fit_complete(config: MissingFeaturesConfig, split: Split) -> dict[str, Scorer]:
    """Models fitted to complete rows, by name."""
    x, labels = split.x, split.labels
    k = int(labels.max()) + 1
    mean, covariance = x.mean(dim=0), x.T.cov(correction=0)
    logistic = best_logistic(config, x, labels, len(x))
    bayes = GaussianNaiveBayes(k, config.smoothing).fit(x, labels)
    variances = bayes.variance.diag_embed()  # (K, V, V)
    lda, qda = LDA(k).fit(x, labels), QDA(k).fit(x, labels)
    return {
        "naive Bayes": lambda x, observed: marginal_log_joint(
            bayes, variances, x, observed
        ),
        "LDA": lambda x, observed: marginal_log_joint(lda, lda.covariance, x, observed),
        "QDA": lambda x, observed: marginal_log_joint(qda, qda.covariance, x, observed),
        MEAN_IMPUTATION: lambda x, observed: logistic.logits(
            torch.where(observed, x, mean)
        ),
        ZERO_IMPUTATION: lambda x, observed: logistic.logits(
            torch.where(observed, x, 0.0)
        ),
        GAUSSIAN_IMPUTATION: lambda x, observed: logistic.logits(
            conditional_mean(mean, covariance, x, observed)
        ),
        REDUCED: lambda x, observed: reduced_scores(
            split, logistic.penalty, x, observed
        ),
        TREES_COMPLETE: boosted_trees(x, labels),
    }


def fit_with_gaps(
    config: MissingFeaturesConfig, split: Split, observed: Tensor
) -> dict[str, Scorer]:
    """Models fitted to copies of the rows, of which `observed` (copies N, V) is kept.

    `MISSING_IN_TRAINING` gets only the imputed means; the other models also get where
    values are missing.
    """
    mean, size = split.x.mean(dim=0), len(split.x)
    copies = len(observed) // size
    x, labels = split.x.repeat(copies, 1), split.labels.repeat(copies)

    def filled(x: Tensor, observed: Tensor) -> Tensor:
        return torch.where(observed, x, mean)

    def with_indicators(x: Tensor, observed: Tensor) -> Tensor:
        return torch.cat([filled(x, observed), (~observed).to(x.dtype)], dim=1)

    logistic = best_logistic(config, filled(x, observed), labels, size)
    indicators = best_logistic(config, with_indicators(x, observed), labels, size)
    return {
        MISSING_IN_TRAINING: lambda x, observed: logistic.logits(filled(x, observed)),
        INDICATORS: lambda x, observed: indicators.logits(with_indicators(x, observed)),
        TREES: boosted_trees(torch.where(observed, x, nan), labels),
    }


def boosted_trees(x: Tensor, labels: Tensor) -> Scorer:
    """Gradient-boosted trees of scikit-learn at its defaults; a gap is NaN.

    If a feature has no gap in training, a row with a gap goes where most rows went.
    """
    trees = HistGradientBoostingClassifier(early_stopping=False, random_state=0)
    trees.fit(x.numpy(), labels.numpy())

    def scores(x: Tensor, observed: Tensor) -> Tensor:
        gapped = torch.where(observed, x, nan).numpy()
        return torch.from_numpy(trees.predict_proba(gapped))

    return scores


def reduced_scores(split: Split, penalty: float, x: Tensor, observed: Tensor) -> Tensor:
    """Scores (N, K) of a logistic regression for each pattern of observed features."""
    # scikit-learn's C is of the sum of the losses; ours is of their mean.
    model = ReferenceRegression(C=1 / (penalty * len(split.x)), max_iter=2000)
    scores = torch.zeros(len(x), int(split.labels.max()) + 1, dtype=x.dtype)
    scores += split.labels.bincount() / len(split.labels)  # if nothing is observed
    patterns, places = observed.unique(dim=0, return_inverse=True)
    for place, pattern in enumerate(patterns):
        if bool(pattern.any()):
            rows = places == place
            model.fit(split.x[:, pattern].numpy(), split.labels.numpy())
            probabilities = model.predict_proba(x[rows][:, pattern].numpy())
            scores[rows] = torch.from_numpy(probabilities)
    return scores


def fit_modelled(
    config: MissingFeaturesConfig, split: Split, observed: Tensor
) -> Scorer:
    """Naive Bayes of values and gaps: a feature is missing with P(missing | Y).

    Its values are normal given the class and that they are observed: means and
    variances are those of the observed values.
    """
    copies = len(observed) // len(split.x)
    x, seen = split.x.repeat(copies, 1), observed.to(split.x.dtype)
    members = one_hot(split.labels, split.x, int(split.labels.max()) + 1)
    members = members.repeat(copies, 1)  # (copies N, K)
    counts = members.T @ seen  # (K, V)
    mean = members.T @ (seen * x) / counts.clamp(min=1)
    squares = members.T @ (seen * x.square()) / counts.clamp(min=1)
    extra = config.smoothing * float(split.x.var(dim=0, correction=0).max())
    variance = (squares - mean.square()).clamp(min=0) + extra
    sizes = members.sum(dim=0)[:, None]  # (K, 1)
    log_seen = ((counts + 1) / (sizes + 2)).log()
    log_missing = ((sizes - counts + 1) / (sizes + 2)).log()
    log_prior = (sizes[:, 0] / sizes.sum()).log()

    def scores(x: Tensor, observed: Tensor) -> Tensor:
        squared = (x[:, None] - mean).square() / variance  # (N, K, V)
        log_density = -(squared + variance.log()) / 2 - HALF_LOG_TWO_PI + log_seen
        factors = torch.where(observed[:, None], log_density, log_missing)
        return factors.sum(dim=2) + log_prior

    return scores


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
        data=("tumours",),
        shares=(1.0, 0.5),
        shares_by_value=(0.5,),
        seeds=3,
        copies=2,
    )
