"""What a score says where the chance is known: the hinge loss against the log-loss.

A synthetic feature with known P(y = 1 | x), and the same labels for both losses.
"""

from dataclasses import dataclass

import torch

from paradigms.evaluation.statistics import band, intervals
from paradigms.experiments.outcome import Outcome
from paradigms.experiments.pictures import Bands
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.models.logistic_regression import LogisticRegression
from paradigms.models.svm import LinearSVM

QUESTION = "Which loss preserves the probability, and which only the class?"


@dataclass(frozen=True)
class KnownChancesConfig:
    """The feature has a value for each of the `chances`, and `labels` rows of each."""

    seeds: int = 5
    chances: tuple[float, ...] = (0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9)
    labels: int = 300


CONFIG = KnownChancesConfig()
LOSSES = ("hinge loss", "log-loss")


def run(config: KnownChancesConfig, each: Each = serial_map) -> Outcome:
    """One row: the scores at each chance; a figure of them over the odds.

    `from likelier to likeliest`: the score at the highest chance minus that at the
    lowest above one half.
    """
    runs = each(range(config.seeds), lambda seed: scores(config, seed))
    columns = [
        {f"{loss}, score at {c:g}": s for loss in LOSSES for c, s in run[loss]}
        | {
            f"{loss}, from likelier to likeliest": run[loss][-1][1]
            - run[loss][len(config.chances) // 2][1]
            for loss in LOSSES
        }
        for run in runs
    ]
    bands = {
        loss: band(
            {
                round(100 * chance / (1 - chance), 1): [run[loss][n][1] for run in runs]
                for n, chance in enumerate(config.chances)
            }
        )
        for loss in LOSSES
    }
    name = "known chance"
    return Outcome(
        [{"name": name} | intervals(columns)], {f"{name}/scores": Bands(bands=bands)}
    )


def scores(
    config: KnownChancesConfig, seed: int
) -> dict[str, list[tuple[float, float]]]:
    """Each chance and its score, by the loss that fitted a free score per value."""
    rng = torch.Generator().manual_seed(seed)
    index = torch.arange(len(config.chances)).repeat_interleave(config.labels)
    chance = torch.tensor(config.chances, dtype=torch.float64)
    labels = torch.bernoulli(chance[index], generator=rng).long()
    one_hot = torch.eye(len(chance), dtype=torch.float64)
    hinge = LinearSVM(1.0).fit(one_hot[index], labels).decision(one_hot)
    logits = LogisticRegression(2, 1e-6).fit(one_hot[index], labels).logits(one_hot)
    log_odds = logits[:, 1] - logits[:, 0]
    return {
        loss: list(zip(config.chances, values.tolist(), strict=True))
        for loss, values in zip(LOSSES, (hinge, log_odds), strict=True)
    }


def smaller() -> KnownChancesConfig:
    """The same experiment, small enough for a test."""
    return KnownChancesConfig(seeds=2, labels=100, chances=(0.1, 0.6, 0.9))
