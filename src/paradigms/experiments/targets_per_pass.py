"""How many positions of a text carry a loss, objective by objective."""

from dataclasses import dataclass

import torch

from paradigms.data.special_tokens import IGNORE, SPECIALS
from paradigms.experiments.outcome import Outcome, Row
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.objectives import masked_token, next_token, span_corruption

QUESTION = "Of 100 tokens, how many are predicted?"


@dataclass(frozen=True)
class TargetsPerPassConfig:
    """Random texts of equal length; only their number of targets matters."""

    texts: int = 20_000
    span_texts: int = 1000  # span corruption goes text by text: fewer texts
    length: int = 100
    vocabulary: int = 1000
    seed: int = 0


CONFIG = TargetsPerPassConfig()


def run(config: TargetsPerPassConfig, each: Each = serial_map) -> Outcome:
    """A row per objective with its targets per 100 tokens of text, sentinels apart."""
    (rows,) = each([config], count)
    return Outcome(rows)


def count(config: TargetsPerPassConfig) -> list[Row]:
    """One objective after the other: they share the random numbers."""
    rng = torch.Generator().manual_seed(config.seed)
    shape = (config.texts, config.length)
    first = SPECIALS.first_word
    texts = torch.randint(first, config.vocabulary, shape, generator=rng)
    _, next_targets = next_token(texts)
    _, masked_targets = masked_token(texts, config.vocabulary, rng)
    sentinels = list(range(config.vocabulary, config.vocabulary + config.length))
    span_targets = 0
    for text in texts[: config.span_texts].tolist():
        _, target = span_corruption(text, sentinels, rng)
        span_targets += sum(token < config.vocabulary for token in target)
    return [
        _row("next token", int((next_targets != IGNORE).sum()), texts.numel()),
        _row("masked token", int((masked_targets != IGNORE).sum()), texts.numel()),
        _row("span corruption", span_targets, config.span_texts * config.length),
    ]


def _row(name: str, targets: int, tokens: int) -> Row:
    return {"name": name, "targets per 100 tokens": 100 * targets / tokens}


def smaller() -> TargetsPerPassConfig:
    """The same experiment, small enough for a test."""
    return TargetsPerPassConfig(texts=2000, span_texts=100)
