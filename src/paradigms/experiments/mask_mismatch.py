"""What [MASK] costs on input that has none: how chosen words are shown in training.

Texts come from one of two made dialects over the same words, which nobody tells the
network.  After pretraining all is frozen, texts are shown without any [MASK], and a
linear probe with few labels reads the dialect from the states.
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
EVERYWHERE = "all positions, no mask"  # the others ask for the chosen words alone


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
    """Chosen words from what is shown, or, in one way, every word."""
    hide = hidden_words(vocabulary, fates=fates)

    def every(tokens: Tensor, dice: torch.Generator) -> Batch:
        return hide(tokens, dice)[0], tokens

    show = every if name == EVERYWHERE else hide
    return Objective(show, lambda batch: bidirectional)


def run(config: MaskMismatchConfig, each: Each = serial_map) -> list[dict[str, Any]]:
    """A row for each way to show a chosen word, and each minus two of them.

    Minus the first way, [MASK] alone, and minus no training.
    """
    items = list(product(WAYS, range(config.seeds)))
    found = each(items, lambda item: scores(config, *item))
    by = {
        name: [f for (n, _), f in zip(items, found, strict=True) if n == name]
        for name in WAYS
    }
    rows = []
    for name, of in by.items():
        row = {column: t_interval(tuple(f[column] for f in of)) for column in of[0]}
        rows.append({"name": name} | row)
    first, *middle, untrained = WAYS
    for name in (*middle, untrained):
        rows.append({"name": f"{name} - {first}"} | minus(by[name], by[first]))
    for name in (first, *middle):
        rows.append({"name": f"{name} - {untrained}"} | minus(by[name], by[untrained]))
    return rows


def minus(
    some: list[dict[str, float]], other: list[dict[str, float]]
) -> dict[str, list[float]]:
    """One way minus another on the same texts, in the columns that both have."""
    return {
        column: t_interval(
            tuple(f[column] - b[column] for f, b in zip(some, other, strict=True))
        )
        for column in some[0]
        if column in other[0]
    }


def scores(config: MaskMismatchConfig, name: str, seed: int) -> dict[str, float]:
    """How well the frozen states of unmasked texts tell the dialect."""
    dialects = [MarkovLanguage(config.words, 100 * seed + k) for k in (0, 1)]
    dice = torch.Generator().manual_seed(seed)
    pool, _ = mixed(dialects, config.steps * config.batch, config.length, dice)
    network, pair = learnt(config, name, seed, pool, dialects[0].vocabulary)
    known = mixed(dialects, config.labels, config.length, dice)
    asked = mixed(dialects, config.texts, config.length, dice)
    bare = with_head(network)
    found = {
        "dialect, mean state": read(bare, known, asked, slice(None)),
        "dialect, one state": read(
            bare, known, asked, slice(config.length // 2, config.length // 2 + 1)
        ),
    }
    if name not in ("ELECTRA", "no training"):
        with torch.no_grad():
            logits = network(asked[0], bidirectional)[..., FIRST:]
        right = logits.argmax(dim=-1) == asked[0] - FIRST
        found["reads the word it sees"] = float(right.double().mean())
    if name == "ELECTRA":
        found |= told_apart(pair, asked[0], dialects[0].vocabulary, dice)
    return found


@torch.no_grad()
def told_apart(
    pair: Pair, texts: Tensor, vocabulary: int, dice: torch.Generator
) -> dict[str, float]:
    """How many words are replaced, and how often the second network says rightly which.

    `replaced` is also what it would miss by calling every word original.
    """
    inputs, targets = hidden_words(vocabulary, fates=(1.0, 0.0, 0.0))(texts, dice)
    logits = pair.generator(inputs, bidirectional)
    shown, wrong = replaced_token(texts, targets != IGNORE, logits, dice)
    says = pair.discriminator(shown, bidirectional)[..., 0] > 0
    wrong = wrong.bool()
    return {
        "replaced": float(wrong.double().mean()),
        "told rightly": float((says == wrong).double().mean()),
        "replaced words found": float(says[wrong].double().mean()),
    }


def mixed(
    dialects: list[MarkovLanguage], count: int, length: int, dice: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Texts (N, T) of both dialects in random order, and which each is of (N,).

    They are cut out of longer ones, or their first words alone would tell.
    """
    half = count // 2
    texts = torch.cat([d.sample(half, length + 8, dice)[:, 8:] for d in dialects])
    order = torch.randperm(2 * half, generator=dice)
    return texts[order], (order >= half).long()


def learnt(
    config: MaskMismatchConfig, name: str, seed: int, pool: Tensor, vocabulary: int
) -> tuple[GPT, Pair]:
    """The network that is kept, after pretraining in that way; and ELECTRA's two."""
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
    """Share of right answers of a linear probe on the mean state of some places."""
    (x, labels), (y, truth) = known, asked
    states = [bare(t, bidirectional)[:, places].mean(dim=1).double() for t in (x, y)]
    centre, spread = states[0].mean(dim=0), states[0].std(dim=0)
    given, asked_for = ((s - centre) / spread for s in states)
    with torch.enable_grad():
        probe = LogisticRegression(2, 0.01).fit(given, labels)
    right = probe.predict_proba(asked_for).argmax(dim=1) == truth
    return float(right.double().mean())


def smaller() -> MaskMismatchConfig:
    """The same question at a size that a test can afford."""
    return MaskMismatchConfig(
        seeds=2, words=4, length=8, width=32, steps=150, texts=500
    )
