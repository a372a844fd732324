"""Fresh text against few texts that are read many times.

One network predicts the next token, another masked tokens: the same network under
another attention rule.  The text is a synthetic language without limit.  For each
objective and number of texts, learning rate and length of the training are chosen on
validation texts, and training keeps the weights of the lowest validation loss.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import product
from math import inf, log
from typing import NamedTuple

import torch

from paradigms.data.markov_language import MarkovLanguage, masked_log_p
from paradigms.data.special_tokens import IGNORE, SPECIALS
from paradigms.evaluation.statistics import (
    band,
    holm_rows,
    intervals,
)
from paradigms.experiments.outcome import Outcome, Row
from paradigms.experiments.pictures import Bands
from paradigms.experiments.runner.resume import Each, results_by_item, serial_map
from paradigms.masks import bidirectional
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.training.loop import Batch, TrainingConfig, train
from paradigms.training.pretraining import Objective, masked_batch, next_token_batch

QUESTION = "With early stopping, what does training on few texts for many epochs cost?"
FIRST = SPECIALS.first_word
ODDS = (0.5, 0.3, 0.15, 0.05)  # of the words that may follow a word
TUNING_SEED = 1_000_000  # on which rate and length are chosen, none of the others


@dataclass(frozen=True)
class RepeatedTextConfig:
    """The language, a network, and how often its texts are read at most.

    `shorter`: the other length that is tried is this many times shorter.  `checks` of
    the validation loss in a training.
    """

    seeds: int = 4
    layers: int = 2
    words: int = 16
    length: int = 12
    width: int = 48
    repeats: tuple[int, ...] = (1, 4, 256)
    steps: int = 768
    shorter: int = 8
    rates: tuple[float, ...] = (1e-3, 3e-3, 1e-2)
    batch: int = 64
    checks: int = 32
    validation: int = 200
    test: int = 1000
    mask_rate: float = 0.3


CONFIG = RepeatedTextConfig()
NAMES = ("next token", "masked token")
EXCESS_LOSS = "excess loss"  # the loss minus that of the language itself
Scores = dict[str, float]


class Trial(NamedTuple):
    """A learning rate and a number of steps, after which the rate has fallen to 0."""

    rate: float
    steps: int


class SparseLanguage(MarkovLanguage):
    """Four words may follow each word, with `ODDS`; any word may come first."""

    def __init__(self, words: int, seed: int) -> None:
        super().__init__(words, seed)
        rng = torch.Generator().manual_seed(1000 + seed)
        successors = torch.stack(
            [torch.randperm(words, generator=rng)[: len(ODDS)] for _ in range(words)]
        )
        odds = torch.tensor(ODDS, dtype=torch.float64).expand(words, -1)
        self.first = torch.full((words,), 1 / words, dtype=torch.float64)
        self.second = torch.zeros(words, words, dtype=torch.float64)
        self.second.scatter_(1, successors, odds)
        self.third = self.second.expand(words, -1, -1)


def entropy(words: int, length: int) -> float:
    """The entropy of the language in nats per word: no next-token loss can be lower."""
    return (log(words) - (length - 1) * sum(p * log(p) for p in ODDS)) / length


def objective(config: RepeatedTextConfig, name: str) -> Objective:
    """Next tokens, or masked tokens, which are sampled at each reading."""
    if name == "next token":
        return Objective(next_token_batch)
    vocabulary = FIRST + config.words
    mask = masked_batch(vocabulary, config.mask_rate, fates=(1.0, 0.0, 0.0))
    return Objective(mask, lambda _: bidirectional)


def run(config: RepeatedTextConfig, each: Each = serial_map) -> Outcome:
    """A row per objective and number of passes; one per difference of their costs."""
    trials = best_trials(config, each)
    results = results_by_item(
        each,
        product(NAMES, config.repeats, range(config.seeds)),
        lambda cell: train_and_score(config, *cell, trials[cell[:2]]),
    )
    runs = {
        (name, repeats): [results[name, repeats, seed] for seed in range(config.seeds)]
        for name, repeats in product(NAMES, config.repeats)
    }
    floor = entropy(config.words, config.length)
    rows: list[Row] = [{"name": "language", "nats per word": floor}]
    for (name, repeats), scores in runs.items():
        row: Row = {"name": row_name(name, repeats)} | intervals(scores)
        row |= {key: int(scores[0][key]) for key in ("texts", "parameters")}
        trial = trials[name, repeats]
        rows.append(row | {"learning rate": trial.rate, "steps": trial.steps})
    curves = {
        name: band({n: column(runs[name, n], EXCESS_LOSS) for n in config.repeats})
        for name in NAMES
    }
    return Outcome(
        rows + cost_rows(config, runs), {"language/losses": Bands(bands=curves)}
    )


def row_name(name: str, repeats: int) -> str:
    """The name of the row of an objective and a number of passes."""
    return f"{name}, up to {repeats} passes"


def column(runs: Sequence[Scores], key: str) -> list[float]:
    """One score of each seed."""
    return [scores[key] for scores in runs]


def cost_rows(
    config: RepeatedTextConfig, runs: dict[tuple[str, int], list[Scores]]
) -> list[Row]:
    """Each objective minus itself on fresh text; and the difference of these costs.

    The p-values are corrected by Holm's method, over all of these rows.
    """
    losses = {
        key: [{"cost": loss} for loss in column(of_key, EXCESS_LOSS)]
        for key, of_key in runs.items()
    }
    pairs: dict[str, tuple[list[Scores], list[Scores]]] = {}
    for repeats in config.repeats[1:]:
        costs = []
        for name in NAMES:
            pair = losses[name, repeats], losses[name, config.repeats[0]]
            pairs[f"{row_name(name, repeats)} - fresh"] = pair
            costs.append(
                [
                    {"cost": repeated["cost"] - fresh["cost"]}
                    for repeated, fresh in zip(*pair, strict=True)
                ]
            )
        next_token, masked = costs
        difference = row_name(f"{NAMES[1]} - {NAMES[0]}", repeats)
        pairs[difference] = masked, next_token
    return holm_rows(pairs)


def best_trials(config: RepeatedTextConfig, each: Each) -> dict[tuple[str, int], Trial]:
    """The trial with the lowest validation loss, by objective and number of passes."""
    lengths = (config.steps, config.steps // config.shorter)
    trials = [Trial(*trial) for trial in product(config.rates, lengths)]
    results = results_by_item(
        each,
        product(NAMES, config.repeats, trials),
        lambda item: train_and_score(config, item[0], item[1], TUNING_SEED, item[2])[
            "validation loss"
        ],
    )
    return {
        (name, repeats): min(trials, key=lambda trial: results[name, repeats, trial])
        for name, repeats in product(NAMES, config.repeats)
    }


class BestWeights:
    """Early stopping: keeps the weights of the lowest validation loss so far."""

    def __init__(self, network: GPT, validation_loss: Callable[[], float]) -> None:
        self.network, self.validation_loss = network, validation_loss
        self.lowest, self.step = inf, 0

    def check(self, step: int) -> None:
        """Keep the weights after `step` steps, if none before were better."""
        loss = self.validation_loss()
        if loss < self.lowest:
            self.lowest, self.step = loss, step
            self.weights = deepcopy(self.network.state_dict())


def train_and_score(
    config: RepeatedTextConfig, name: str, repeats: int, seed: int, trial: Trial
) -> Scores:
    """Train on texts, read up to `repeats` times; test loss of the best weights.

    A shorter trial stops after fewer passes over the same texts.
    """
    rng = torch.Generator().manual_seed(seed)
    language = SparseLanguage(config.words, seed)
    task = objective(config, name)
    count = config.steps * config.batch // repeats
    texts = language.sample(count, config.length, rng)
    order = torch.cat([torch.randperm(count, generator=rng) for _ in range(repeats)])
    batches = texts[order].split(config.batch)
    held_out_rng = torch.Generator().manual_seed(10_000 + seed)  # alike for all repeats
    validation, test = (
        task.make_batch(language.sample(n, config.length, held_out_rng), held_out_rng)
        for n in (config.validation, config.test)
    )
    torch.manual_seed(seed)
    vocabulary = FIRST + config.words
    network = GPT(
        GPTConfig(vocabulary, config.length, config.width, config.layers, heads=4)
    )
    best = BestWeights(network, lambda: mean_loss(task, network, validation))

    def make_batch(step: int) -> Batch:
        if step % max(trial.steps // config.checks, 1) == 0:
            best.check(step)
        return task.make_batch(batches[step], rng)

    warmup = trial.steps // 10
    train(
        network, make_batch, task.loss, TrainingConfig(trial.steps, trial.rate, warmup)
    )
    best.check(trial.steps)
    source = source_loss(language, name, test)
    last = mean_loss(task, network, test)
    network.load_state_dict(best.weights)
    loss = mean_loss(task, network, test)
    return {
        "held-out loss": loss,
        EXCESS_LOSS: loss - source,
        "excess loss, last step": last - source,
        "passes at the best step": best.step * config.batch / count,
        "validation loss": best.lowest,
        "texts": count,
        "parameters": sum(p.numel() for p in network.parameters()),
    }


@torch.no_grad()
def mean_loss(task: Objective, network: GPT, batch: Batch) -> float:
    """Nats per target."""
    total, targets = task.loss(network, batch)
    return float(total / targets)


def source_loss(language: SparseLanguage, name: str, batch: Batch) -> float:
    """The loss of the language itself on the same targets, in nats."""
    if name == "next token":
        return -float(language.log_p(batch.targets).mean())
    hidden = batch.targets != IGNORE
    log_p = masked_log_p(language, batch.inputs)[hidden]
    return -float(log_p.gather(1, batch.targets[hidden][:, None]).mean())


def smaller() -> RepeatedTextConfig:
    """The same experiment, small enough for a test."""
    return RepeatedTextConfig(
        seeds=2,
        layers=1,
        words=8,
        length=8,
        width=32,
        repeats=(1, 64),
        steps=128,
        shorter=4,
        rates=(1e-2,),
        checks=16,
        test=200,
    )
