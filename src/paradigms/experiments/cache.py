"""What a KV cache saves: operations, seconds and bytes per new token.

Four networks with a KV cache and one without, all with random weights: costs do not
depend on their values.  Operations are counted on shapes alone, also for networks and
lengths that do not fit in memory.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from paradigms.evaluation.cost import (
    Network,
    Step,
    best_seconds,
    exponent,
    geometric_mean_interval,
    kv_cache_bytes,
    masked_operations,
    operations,
    peak_bytes,
)
from paradigms.evaluation.statistics import t_interval
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.generation.decoding import as_decoder
from paradigms.layers import Cache
from paradigms.models import bert, encoder, gpt, llama, t5

QUESTION = "What does a new token cost, with and without the cache?"
TIMED = True  # measured alone
NETWORKS = ("GPT", "LLaMA", "LLaMA, grouped queries", "T5, decoder", "BERT")
CACHED = NETWORKS[:4]  # with a KV cache
Counts = dict[str, dict[str, int]]  # by column and length
Times = dict[str, list[float]]  # by length: seconds with the cache, if any, without


@dataclass(frozen=True)
class CacheConfig:
    """Networks of one size, lengths in tokens, and turns of a chat.

    `longest` and half of it are counted, not timed.  `source`: length of the T5
    encoder's input, at most the shortest length.  `written`: tokens of a text that is
    generated whole, by a masked network also in `passes` passes.  A chat turn has
    `said` prompt tokens and `answered` generated tokens.
    """

    lengths: tuple[int, ...] = (64, 128, 256, 512, 1024)
    longest: int = 65_536
    vocabulary: int = 256
    width: int = 128
    layers: int = 4
    heads: int = 4
    groups: int = 1  # key-value heads, for grouped queries
    source: int = 64
    written: int = 64
    passes: int = 8
    turns: tuple[int, ...] = (1, 2, 4, 8, 16)
    said: int = 96
    answered: int = 32
    repetitions: int = 12
    tries: int = 3  # of each pair; the fastest counts
    published: tuple[str, ...] = ("GPT-2 small", "LLaMA 7B", "Llama 3 8B")


CONFIG = CacheConfig()


def run(config: CacheConfig, each: Each = serial_map) -> list[dict[str, Any]]:
    """Rows: new tokens by network and length, exponents, whole texts, turns, sizes."""
    costs = each(NETWORKS, lambda name: counts(config, name))
    times = each(range(config.repetitions), lambda number: seconds(config, number))
    rows: list[dict[str, Any]] = []
    for name, columns in zip(NETWORKS, costs, strict=True):
        timed = [result[name] for result in times]
        rows += new_token(config, name, columns, timed)
        rows.append(exponents(config, name, columns, timed))
        rows[-1]["pictures"] = {"milliseconds": {"bands": bands(config, timed)}}
    rows += each(["texts"], lambda _: texts(config))[0]
    chats = each(config.turns, lambda number: turn(config, number))
    for number, result in zip(config.turns, chats, strict=True):
        waits = [result["chat"][str(number)] for result in times]
        rows.append({"name": f"chat, turn {number}"} | result | paired(waits))
    return rows + each(config.published, size)


def build_network(
    config: CacheConfig, name: str, positions: int, device: str = "cpu"
) -> Network:
    """A network with random weights, for texts of up to `positions` tokens."""
    torch.manual_seed(0)
    sizes = ("vocabulary", "width", "layers", "heads")
    shape = {key: getattr(config, key) for key in sizes}
    hidden = {"hidden": 4 * config.width}
    with torch.device(device), torch.no_grad():
        if name == "GPT":
            return gpt.GPT(gpt.GPTConfig(**shape, positions=positions)).eval()
        if name == "BERT":
            encoder_config = encoder.EncoderConfig(
                **shape, **hidden, positions=positions
            )
            return bert.BERT(encoder_config).eval()
        if name == "T5, decoder":
            head_width = config.width // config.heads
            model = t5.T5(t5.T5Config(**shape, **hidden, head_width=head_width)).eval()
            return as_decoder(model, text(config.source, device))
        # Three maps of 2/3 the hidden width are as large as two of the full width.
        shape["hidden"] = 8 * config.width // 3
        shape["kv_heads"] = config.groups if "grouped" in name else config.heads
        return llama.LLaMA(llama.LLaMAConfig(**shape, positions=positions)).eval()


def text(length: int, device: str = "cpu") -> Tensor:
    """Arbitrary tokens, (1, length): only their number matters."""
    return torch.ones(1, length, dtype=torch.long, device=device)


def counts(config: CacheConfig, name: str) -> Counts:
    """Operations and bytes for a new token, by column and length."""
    columns: Counts = {}

    def record(column: str, length: int, value: int) -> None:
        columns.setdefault(column, {})[str(length)] = value

    network = build_network(config, name, config.longest, "meta")
    for length in (*config.lengths, config.longest // 2, config.longest):
        step = Step(network, text(length, "meta"))
        record("operations without", length, operations(step.without))
        if name in CACHED:
            step.ready()
            record("operations with", length, operations(step.with_cache))
            record("bytes kept", length, kv_cache_bytes(step.cache))
    network = build_network(config, name, max(config.lengths))
    for length in config.lengths:
        step = Step(network, text(length))
        record("bytes at work without", length, peak_bytes(step.without))
        if name in CACHED:
            step.ready()
            record("bytes at work with", length, peak_bytes(step.with_cache))
    return columns


def seconds(config: CacheConfig, number: int) -> dict[str, Times]:
    """Times of one repetition; odd repetitions run each pair in reverse order."""
    times: dict[str, Times] = {}
    for name in NETWORKS:
        network = build_network(config, name, max(config.lengths))
        steps = {n: Step(network, text(n)) for n in config.lengths}
        times[name] = timed(config, steps, name in CACHED, number)
    ends = {n: before(config, n) + config.said for n in config.turns}
    network = build_network(config, "GPT", max(ends.values()))
    steps = {n: Step(network, text(end), config.said) for n, end in ends.items()}
    return times | {"chat": timed(config, steps, True, number)}


def timed(
    config: CacheConfig, steps: dict[int, Step], cached: bool, number: int
) -> Times:
    """Seconds of each step with the cache, if there is one, and without."""
    times: Times = {}
    for n, step in steps.items():
        calls = [*([step.ready().with_cache] if cached else []), step.without]
        times[str(n)] = best_seconds(calls, config.tries, turned=number % 2 == 1)
    return times


def paired(times: list[list[float]]) -> dict[str, list[float]]:
    """Milliseconds with and without the cache over repetitions, and paired ratios."""
    *cached_times, without = zip(*times, strict=True)
    columns = {
        "milliseconds without": geometric_mean_interval(1e3 * s for s in without)
    }
    for cached in cached_times:
        columns["milliseconds with"] = geometric_mean_interval(1e3 * s for s in cached)
        pairs = zip(cached, without, strict=True)
        columns["times faster"] = geometric_mean_interval(
            slow / fast for fast, slow in pairs
        )
    return columns


def new_token(
    config: CacheConfig, name: str, columns: Counts, timed: list[Times]
) -> list[dict[str, Any]]:
    """A row per length: costs of a new token; `seen pairs`: unmasked pairs only."""
    rows = []
    for length in map(str, config.lengths):
        row: dict[str, Any] = {"name": f"{name}, {length} tokens"}
        row |= {column: values[length] for column, values in columns.items()}
        if name in CACHED:
            with_cache, without_cache = (
                row["operations with"],
                row["operations without"],
            )
            visible = without_cache - masked_operations(
                config.layers, config.width, int(length)
            )
            row |= {
                "times fewer": without_cache / with_cache,
                "times fewer, seen pairs": visible / with_cache,
            }
        rows.append(row | paired([times[length] for times in timed]))
    return rows


def exponents(
    config: CacheConfig, name: str, columns: Counts, timed: list[Times]
) -> dict[str, Any]:
    """The exponent with which each column grows in the length.

    `at the longest`: between half of `longest` and `longest`, from the counts alone.
    """
    lengths, ends = config.lengths, (config.longest // 2, config.longest)
    row: dict[str, Any] = {"name": f"{name}, exponents"}
    for column, values in columns.items():
        row[column] = exponent(lengths, [values[str(n)] for n in lengths])
        if str(ends[1]) in values:
            last = [values[str(n)] for n in ends]
            row[f"{column}, at the longest"] = exponent(ends, last)
    for offset, mode in enumerate(("without", "with")[: 1 + (name in CACHED)], 1):
        curves = [[times[str(n)][-offset] for n in lengths] for times in timed]
        slopes = (exponent(lengths, curve) for curve in curves)
        row[f"milliseconds {mode}"] = t_interval(tuple(slopes))
    return row


def bands(config: CacheConfig, timed: list[Times]) -> dict[str, list[list[float]]]:
    """For a figure: length, mean milliseconds, low and high, without and with."""
    curves: dict[str, list[list[float]]] = {}
    for length in config.lengths:
        for column, values in paired([times[str(length)] for times in timed]).items():
            if column.startswith("milliseconds "):
                point = [length, *(round(value, 3) for value in values)]
                curves.setdefault(column.removeprefix("milliseconds "), []).append(
                    point
                )
    return curves


def texts(config: CacheConfig) -> list[dict[str, Any]]:
    """Generating a whole text: calls, operations, and their ratio to a forward pass."""
    tokens = text(config.written, "meta")
    causal = build_network(config, "GPT", config.written, "meta")
    masked = build_network(config, "BERT", config.written, "meta")

    def word_by_word(cache: Cache | None) -> None:
        for end in range(1, config.written + 1):
            causal(tokens[:, end - 1 if cache else 0 : end], cache=cache)

    causal_once, masked_once = (
        operations(partial(n, tokens)) for n in (causal, masked)
    )
    with_cache, without_cache = (
        operations(lambda c=c: word_by_word(c)) for c in (Cache(), None)
    )
    words, passes = config.written, config.passes
    return [
        {"name": f"writing, {n}", "calls": c, "operations": o, "readings": o / one_pass}
        for n, c, o, one_pass in (
            ("GPT, kept", words, with_cache, causal_once),
            ("GPT, read again", words, without_cache, causal_once),
            ("BERT, a word a pass", words, words * masked_once, masked_once),
            ("BERT, many words a pass", passes, passes * masked_once, masked_once),
        )
    ]


def before(config: CacheConfig, number: int) -> int:
    """Tokens read and generated before a turn; turns are counted from 1."""
    return (number - 1) * (config.said + config.answered)


def turn(config: CacheConfig, number: int) -> dict[str, int | float]:
    """Operations of one turn: earlier turns cached, or recomputed at its start."""
    past = before(config, number)
    start, end = past + config.said, past + config.said + config.answered
    network, tokens = build_network(config, "GPT", end, "meta"), text(end, "meta")

    def work(cache: Cache) -> None:
        network(tokens[:, cache.length : start], cache=cache)
        for place in range(start, end):
            network(tokens[:, place : place + 1], cache=cache)

    cache = Cache()
    if past:
        with torch.no_grad():
            network(tokens[:, :past], cache=cache)
    cached, uncached = (operations(partial(work, c)) for c in (cache, Cache()))
    return {
        "tokens before": past,
        "operations, kept": cached,
        "operations, read once more": uncached,
        "times fewer": uncached / cached,
        "bytes kept after it": kv_cache_bytes(cache),
    }


def size(name: str) -> dict[str, Any]:
    """A published network at its full context length, in half precision."""
    architecture = gpt.GPT if name in gpt.SIZES else llama.LLaMA
    shape = (gpt.SIZES | llama.SIZES)[name]
    with torch.device("meta"), torch.no_grad():
        network = architecture(shape).half().eval()
    step = Step(network, text(shape.positions, "meta")).ready()
    cache_bytes = kv_cache_bytes(step.cache)
    weight_bytes = sum(p.nbytes for p in network.parameters())
    return {
        "name": name,
        "tokens": shape.positions,
        "kB a token": cache_bytes / shape.positions / 1e3,
        "MB kept": cache_bytes / 1e6,
        "MB of weights": weight_bytes / 1e6,
        "texts as large as the weights": weight_bytes / cache_bytes,
        "times fewer": operations(step.without) / operations(step.with_cache),
    }


def smaller() -> CacheConfig:
    """The same experiment, small enough for a test."""
    return CacheConfig(
        lengths=(64, 128),
        longest=4096,
        layers=2,
        written=8,
        turns=(1, 4),
        said=24,
        answered=8,
        repetitions=2,
        tries=1,
        published=("GPT-2 small", "Llama 3 8B"),
    )
