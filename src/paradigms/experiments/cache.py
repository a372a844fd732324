"""What a KV cache saves: operations, seconds and bytes per new token.

Four networks with a KV cache and one without, all with random weights: costs do not
depend on their values.  Operations are counted on shapes alone, also for networks and
lengths that do not fit in memory.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from paradigms.evaluation.cost import (
    NetworkSize,
    Step,
    arbitrary_tokens,
    exponent,
    kv_cache_bytes,
    masked_operations,
    milliseconds,
    operations,
    peak_bytes,
    with_random_weights,
)
from paradigms.evaluation.statistics import intervals
from paradigms.experiments.outcome import Outcome, Row
from paradigms.experiments.pictures import Bands, Picture
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.generation.decoding import Network, as_decoder
from paradigms.models.llama import LLaMA, LLaMAConfig
from paradigms.models.t5 import T5, T5Config

QUESTION = "What does a new token cost, with and without the cache?"
Counts: TypeAlias = dict[str, int]  # columns at one length
Seconds: TypeAlias = list[dict[str, float]]  # `Step.seconds` at each length


@dataclass(frozen=True)
class CacheConfig(NetworkSize):
    """Networks of one size, and lengths in tokens.

    `longest` and half of it are counted, not timed.  `source`: length of the T5
    encoder's input.
    """

    lengths: tuple[int, ...] = (64, 128, 256, 512, 1024)
    longest: int = 65_536
    kv_heads: int = 1  # for grouped queries
    source: int = 64
    repetitions: int = 12
    tries: int = 3  # of each pair; the fastest counts


CONFIG = CacheConfig()


@dataclass(frozen=True)
class Variant:
    """A network, built for texts of up to `positions` tokens."""

    name: str
    build: Callable[[CacheConfig, int], Network]  # config, positions
    has_cache: bool = True


def llama(config: CacheConfig, positions: int, kv_heads: int) -> LLaMA:
    """LLaMA, with grouped queries if there are fewer `kv_heads` than heads."""
    return LLaMA(
        LLaMAConfig(
            vocabulary=config.vocabulary,
            positions=positions,
            width=config.width,
            layers=config.layers,
            heads=config.heads,
            kv_heads=kv_heads,
            # Three maps of 2/3 the hidden width are as large as two of the full width.
            hidden=8 * config.width // 3,
        )
    )


def t5_decoder(config: CacheConfig, _positions: int) -> Network:
    """The decoder of a T5 that has read its source; it has no table of positions."""
    network = T5(
        T5Config(
            vocabulary=config.vocabulary,
            width=config.width,
            layers=config.layers,
            heads=config.heads,
            head_width=config.width // config.heads,
            hidden=4 * config.width,
        )
    )
    return as_decoder(network, arbitrary_tokens(config.source))


VARIANTS = (
    Variant("GPT", NetworkSize.gpt),
    Variant("LLaMA", lambda config, positions: llama(config, positions, config.heads)),
    Variant(
        "LLaMA, grouped queries",
        lambda config, positions: llama(config, positions, config.kv_heads),
    ),
    Variant("T5, decoder", t5_decoder),
    Variant("BERT", NetworkSize.bert, has_cache=False),
)


def run(config: CacheConfig, each: Each = serial_map) -> Outcome:
    """A row per network and length; the exponent of each column, by network."""
    counts = each(VARIANTS, lambda variant: costs(config, variant))
    repetitions = each(
        range(config.repetitions), lambda number: seconds(config, number)
    )
    rows: list[Row] = []
    figures: dict[str, Picture] = {}
    for place, variant in enumerate(VARIANTS):
        times = [repetition[place] for repetition in repetitions]
        new_token: list[Row] = [
            {
                "name": f"{variant.name}, {length} tokens",
                **counts[place][index],
                **savings(config, length, counts[place][index]),
                **milliseconds([at[index] for at in times]),
            }
            for index, length in enumerate(config.lengths)
        ]
        powers = exponents(config, variant, counts[place], times)
        rows += [*new_token, powers]
        figures[f"{powers['name']}/milliseconds"] = times_by_length(config, new_token)
    return Outcome(rows, figures)


def costs(config: CacheConfig, variant: Variant) -> list[Counts]:
    """Operations and bytes for a new token, at each length.

    Then at half of `longest` and at `longest`, without the working bytes.
    """
    shapes = with_random_weights(partial(variant.build, config, config.longest), "meta")
    network = with_random_weights(partial(variant.build, config, max(config.lengths)))
    counts = []
    for length in (*config.lengths, config.longest // 2, config.longest):
        step = Step(shapes, arbitrary_tokens(length, "meta"))
        columns = {"operations without": operations(step.without_cache)}
        if variant.has_cache:
            step.fill_cache()
            columns["operations with"] = operations(step.with_cache)
            columns["bytes cached"] = kv_cache_bytes(step.cache)
        if length in config.lengths:
            step = Step(network, arbitrary_tokens(length))
            columns["working bytes without"] = peak_bytes(step.without_cache)
            if variant.has_cache:
                columns["working bytes with"] = peak_bytes(step.fill_cache().with_cache)
        counts.append(columns)
    return counts


def seconds(config: CacheConfig, number: int) -> list[Seconds]:
    """One repetition, by network and length; odd ones reverse the order of pairs."""
    times = []
    for variant in VARIANTS:
        build = partial(variant.build, config, max(config.lengths))
        network = with_random_weights(build)
        steps = [Step(network, arbitrary_tokens(length)) for length in config.lengths]
        times.append(
            [
                step.seconds(config.tries, number % 2 == 1, variant.has_cache)
                for step in steps
            ]
        )
    return times


def savings(config: CacheConfig, length: int, columns: Counts) -> dict[str, float]:
    """How many times fewer operations; `visible pairs`: of unmasked pairs only."""
    if "operations with" not in columns:
        return {}
    with_cache, without = columns["operations with"], columns["operations without"]
    visible = without - masked_operations(config.layers, config.width, length)
    return {
        "times fewer": without / with_cache,
        "times fewer, visible pairs": visible / with_cache,
    }


def exponents(
    config: CacheConfig,
    variant: Variant,
    counts: Sequence[Counts],
    times: Sequence[Seconds],
) -> Row:
    """The exponent with which each column grows in the length.

    `at the longest`: between half of `longest` and `longest`, from the counts alone.
    """
    lengths, ends = config.lengths, (config.longest // 2, config.longest)
    row: Row = {"name": f"{variant.name}, exponents"}
    for column in counts[0]:
        values = [columns[column] for columns in counts if column in columns]
        row[column] = exponent(lengths, values[: len(lengths)])
        if column in counts[-1]:
            row[f"{column}, at the longest"] = exponent(ends, values[-2:])
    return row | intervals(
        [
            {
                f"milliseconds {mode}": exponent(lengths, [at[mode] for at in run])
                for mode in run[0]
            }
            for run in times
        ]
    )


def times_by_length(config: CacheConfig, rows: Sequence[Row]) -> Bands:
    """For a figure: length, mean milliseconds, low and high, without and with."""
    bands: dict[str, list[tuple[float, float, float, float]]] = {}
    for length, row in zip(config.lengths, rows, strict=True):
        for mode in ("without", "with"):
            if interval := row.get(f"milliseconds {mode}"):
                mean, low, high = (round(value, 5) for value in interval)
                bands.setdefault(mode, []).append((length, mean, low, high))
    return Bands(bands=bands)


def smaller() -> CacheConfig:
    """The same experiment, small enough for a test."""
    return CacheConfig(
        lengths=(64, 128), longest=4096, layers=2, repetitions=2, tries=1
    )
