"""What [MASK] costs on input without it: how selected tokens are corrupted in training.

Texts come from one of two synthetic dialects over the same words, without labels.
After pretraining the network is frozen, texts have no [MASK], and a linear probe with
few labels predicts the dialect from the states.
"""

from dataclasses import dataclass
from itertools import product
from typing import Any

import torch
from torch import Tensor

from paradigms.data.markov_language import FIRST, MarkovLanguage
from paradigms.data.special_tokens import IGNORE
from paradigms.evaluation.statistics import t_interval
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.masks import bidirectional
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.models.logistic_regression import LogisticRegression
from paradigms.objectives import replaced_token
from paradigms.objectives.masked import Fates
from paradigms.training.loop import TrainingConfig
from paradigms.training.pretraining import (
    Batch,
    Objective,
    Pair,
    hidden_words,
    pretrain,
    replaced,
    with_head,
)

QUESTION = "What does [MASK] in training cost on input without it?"
WAYS: dict[str, Fates | None] = {
    "mask alone": (1.0, 0.0, 0.0),
    "BERT, 80-10-10": (0.8, 0.1, 0.1),
    "no random words, 80-0-20": (0.8, 0.0, 0.2),
    "random words, 80-20-0": (0.8, 0.2, 0.0),
    "all positions, no mask": (0.0, 1.0, 0.0),
    "ELECTRA": None,
    "no training": None,
}
EVERYWHERE = "all positions, no mask"  # the others predict the selected words only


@dataclass(frozen=True)
class MaskMismatchConfig:
    """Each seed has other dialects, weights and texts; the probe has `labels`."""

    seeds: int = 4
    words: int = 6
    length: int = 8
    width: int = 48
    batch: int = 64
    steps: int = 1200
    labels: int = 200
    texts: int = 2000


CONFIG = MaskMismatchConfig()


def asked_for(name: str, fates: Fates, vocabulary: int) -> Objective:
    """Prediction of the selected words or, for `EVERYWHERE`, of every word."""
    hide = hidden_words(vocabulary, fates=fates)

    def all_words(tokens: Tensor, dice: torch.Generator) -> Batch:
        return hide(tokens, dice)[0], tokens

    show = all_words if name == EVERYWHERE else hide
    return Objective(show, lambda batch: bidirectional)


def run(config: MaskMismatchConfig, each: Each = serial_map) -> list[dict[str, Any]]:
    """A row per corruption, and its differences from two baselines.

    The baselines are [MASK] alone, and no training.
    """
    items = list(product(WAYS, range(config.seeds)))
    results = each(items, lambda item: scores(config, *item))
    by_way = {
        name: [f for (n, _), f in zip(items, results, strict=True) if n == name]
        for name in WAYS
    }
    rows = []
    for name, runs in by_way.items():
        row = {column: t_interval(tuple(f[column] for f in runs)) for column in runs[0]}
        rows.append({"name": name} | row)
    first, *middle, untrained = WAYS
    for name in (*middle, untrained):
        rows.append({"name": f"{name} - {first}"} | minus(by_way[name], by_way[first]))
    for name in (first, *middle):
        rows.append(
            {"name": f"{name} - {untrained}"} | minus(by_way[name], by_way[untrained])
        )
    return rows


def minus(
    some: list[dict[str, float]], other: list[dict[str, float]]
) -> dict[str, list[float]]:
    """Differences on the same texts, in the columns that both have."""
    return {
        column: t_interval(
            tuple(f[column] - b[column] for f, b in zip(some, other, strict=True))
        )
        for column in some[0]
        if column in other[0]
    }


def scores(config: MaskMismatchConfig, name: str, seed: int) -> dict[str, float]:
    """Accuracy of probes for the dialect on frozen states of unmasked texts."""
    dialects = [MarkovLanguage(config.words, 100 * seed + k) for k in (0, 1)]
    rng = torch.Generator().manual_seed(seed)
    pool, _ = mixed(dialects, config.steps * config.batch, config.length, rng)
    network, pair = learnt(config, name, seed, pool, dialects[0].vocabulary)
    train = mixed(dialects, config.labels, config.length, rng)
    test = mixed(dialects, config.texts, config.length, rng)
    bare = with_head(network)
    results = {
        "dialect, mean state": read(bare, train, test, slice(None)),
        "dialect, one state": read(
            bare, train, test, slice(config.length // 2, config.length // 2 + 1)
        ),
    }
    if name not in ("ELECTRA", "no training"):
        with torch.no_grad():
            logits = network(test[0], bidirectional)[..., FIRST:]
        correct = logits.argmax(dim=-1) == test[0] - FIRST
        results["reads the word it sees"] = float(correct.double().mean())
    if name == "ELECTRA":
        results |= told_apart(pair, test[0], dialects[0].vocabulary, rng)
    return results


@torch.no_grad()
def told_apart(
    pair: Pair, texts: Tensor, vocabulary: int, dice: torch.Generator
) -> dict[str, float]:
    """The share of replaced words, and the discriminator's accuracy and recall.

    `replaced` is also its error if it calls every word original.
    """
    inputs, targets = hidden_words(vocabulary, fates=(1.0, 0.0, 0.0))(texts, dice)
    logits = pair.generator(inputs, bidirectional)
    corrupted, is_replaced = replaced_token(texts, targets != IGNORE, logits, dice)
    predicted = pair.discriminator(corrupted, bidirectional)[..., 0] > 0
    is_replaced = is_replaced.bool()
    return {
        "replaced": float(is_replaced.double().mean()),
        "told rightly": float((predicted == is_replaced).double().mean()),
        "replaced words found": float(predicted[is_replaced].double().mean()),
    }


def mixed(
    dialects: list[MarkovLanguage], count: int, length: int, dice: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Texts (N, T) of both dialects in random order, with their dialects (N,).

    They are cut from longer texts: the first words alone would reveal the dialect.
    """
    half = count // 2
    texts = torch.cat([d.sample(half, length + 8, dice)[:, 8:] for d in dialects])
    order = torch.randperm(2 * half, generator=dice)
    return texts[order], (order >= half).long()


def learnt(
    config: MaskMismatchConfig, name: str, seed: int, pool: Tensor, vocabulary: int
) -> tuple[GPT, Pair]:
    """The pretrained network that is probed; and ELECTRA's two."""
    torch.manual_seed(seed)
    size = GPTConfig(vocabulary, config.length, config.width, 2, 4)
    small = GPTConfig(vocabulary, config.length, config.width // 2, 2, 4)
    pair = Pair(GPT(small), GPT(size))
    network = GPT(size)
    if name == "no training":
        return network, pair
    fates = WAYS[name]
    pretrain(
        pair if fates is None else network,
        replaced(vocabulary) if fates is None else asked_for(name, fates, vocabulary),
        lambda step: pool[step * config.batch : (step + 1) * config.batch],
        TrainingConfig(config.steps, 5e-3, warmup=50),
        seed,
    )
    return (pair.discriminator if fates is None else network), pair


@torch.no_grad()
def read(
    bare: GPT,
    known: tuple[Tensor, Tensor],
    asked: tuple[Tensor, Tensor],
    places: slice,
) -> float:
    """Accuracy of a linear probe on the mean state of some positions."""
    (x, labels), (y, truth) = known, asked
    states = [bare(t, bidirectional)[:, places].mean(dim=1).double() for t in (x, y)]
    mean, std = states[0].mean(dim=0), states[0].std(dim=0)
    train_states, asked_for = ((s - mean) / std for s in states)
    with torch.enable_grad():
        probe = LogisticRegression(2, 0.01).fit(train_states, labels)
    correct = probe.predict_proba(asked_for).argmax(dim=1) == truth
    return float(correct.double().mean())


def smaller() -> MaskMismatchConfig:
    """The same experiment, small enough for a test."""
    return MaskMismatchConfig(
        seeds=2, words=4, length=8, width=32, steps=150, texts=500
    )
