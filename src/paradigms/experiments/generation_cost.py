"""What a generated text costs: calls, operations, and readings of the whole text.

A GPT generates word by word, a BERT fills in masked words, one or many in each pass.
Operations are counted on shapes alone.
"""

from dataclasses import dataclass
from functools import partial
from itertools import chain

from paradigms.evaluation.cost import (
    NetworkSize,
    arbitrary_tokens,
    operations,
    with_random_weights,
)
from paradigms.experiments.outcome import Outcome, Row
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.layers import Cache

QUESTION = "What does generating a whole text cost, token by token or in a few passes?"


@dataclass(frozen=True)
class GenerationCostConfig(NetworkSize):
    """Tokens of the text; a masked network fills it also in `passes` passes."""

    tokens: int = 64
    passes: int = 8


CONFIG = GenerationCostConfig()


def run(config: GenerationCostConfig, each: Each = serial_map) -> Outcome:
    """A row per network and way to generate, in passes over the text."""
    rows = each((left_to_right, mask_filling), lambda generate: generate(config))
    return Outcome(list(chain.from_iterable(rows)))


def left_to_right(config: GenerationCostConfig) -> list[Row]:
    """A causal network, with a cache and without."""
    network = with_random_weights(partial(config.gpt, config.tokens), "meta")
    tokens = arbitrary_tokens(config.tokens, "meta")

    def generate(cache: Cache | None) -> None:
        for end in range(1, config.tokens + 1):
            network(tokens[:, end - 1 if cache else 0 : end], cache=cache)

    one_pass = operations(partial(network, tokens))
    return [
        _row(name, config.tokens, operations(partial(generate, cache)), one_pass)
        for name, cache in (("GPT, cached", Cache()), ("GPT, recomputed", None))
    ]


def mask_filling(config: GenerationCostConfig) -> list[Row]:
    """A masked network, which reads the whole text in each pass."""
    network = with_random_weights(partial(config.bert, config.tokens), "meta")
    one_pass = operations(partial(network, arbitrary_tokens(config.tokens, "meta")))
    return [
        _row(name, passes, passes * one_pass, one_pass)
        for name, passes in (
            ("BERT, one word per pass", config.tokens),
            ("BERT, many words per pass", config.passes),
        )
    ]


def _row(name: str, calls: int, count: int, one_pass: int) -> Row:
    return {
        "name": f"writing, {name}",
        "calls": calls,
        "operations": count,
        "passes over the text": count / one_pass,
    }


def smaller() -> GenerationCostConfig:
    """The same experiment, small enough for a test."""
    return GenerationCostConfig(layers=2, tokens=8)
