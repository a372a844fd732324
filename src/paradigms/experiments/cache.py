"""What keeping keys and values saves: operations, seconds and bytes for a new token.

Four networks that can keep them, one that cannot, all with random weights: what is
counted and timed does not depend on their values.  Operations are counted on shapes
alone, so also for networks and lengths that no small machine could hold.
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
CACHED = NETWORKS[:4]  # can keep what was read
Counts = dict[str, dict[str, int]]  # by column and length
Times = dict[str, list[float]]  # by length: seconds with the cache, if any, without


@dataclass(frozen=True)
class CacheConfig:
    """Networks of one size, lengths in tokens, and turns of a chat.

    `longest`: counted, not timed, together with half of it.  `source`: what the T5
    decoder looks at, no longer than the shortest length.  `written`: words of a text
    that is written whole, by a masked network also in `passes` passes.  A turn of the
    chat is `said` tokens to read and `answered` to write.
    """

    lengths: tuple[int, ...] = (64, 128, 256, 512, 1024)
    longest: int = 65_536
    vocabulary: int = 256
    width: int = 128
    layers: int = 4
    heads: int = 4
    groups: int = 1  # heads of keys and values, where queries share them
    source: int = 64
    written: int = 64
    passes: int = 8
    turns: tuple[int, ...] = (1, 2, 4, 8, 16)
    said: int = 96
    answered: int = 32
    repetitions: int = 12
    tries: int = 3  # of each pair, of which the fastest counts
    published: tuple[str, ...] = ("GPT-2 small", "LLaMA 7B", "Llama 3 8B")


CONFIG = CacheConfig()


def run(config: CacheConfig, each: Each = serial_map) -> list[dict[str, Any]]:
    """Rows for a token by network and length, exponents, whole texts, turns, sizes."""
    counted = each(NETWORKS, lambda name: counts(config, name))
    times = each(range(config.repetitions), lambda number: seconds(config, number))
    rows: list[dict[str, Any]] = []
    for name, columns in zip(NETWORKS, counted, strict=True):
        timed = [found[name] for found in times]
        rows += new_token(config, name, columns, timed)
        rows.append(exponents(config, name, columns, timed))
        rows[-1]["pictures"] = {"milliseconds": {"bands": bands(config, timed)}}
    rows += each(["texts"], lambda _: texts(config))[0]
    talked = each(config.turns, lambda number: turn(config, number))
    for number, found in zip(config.turns, talked, strict=True):
        waits = [found["chat"][str(number)] for found in times]
        rows.append({"name": f"chat, turn {number}"} | found | paired(waits))
    return rows + each(config.published, size)


def built(
    config: CacheConfig, name: str, positions: int, device: str = "cpu"
) -> Network:
    """A network with random weights, for texts of up to `positions` tokens."""
    torch.manual_seed(0)
    sizes = ("vocabulary", "width", "layers", "heads")
    shape = {key: getattr(config, key) for key in sizes}
    wide = {"hidden": 4 * config.width}
    with torch.device(device), torch.no_grad():
        if name == "GPT":
            return gpt.GPT(gpt.GPTConfig(**shape, positions=positions)).eval()
        if name == "BERT":
            large = encoder.EncoderConfig(**shape, **wide, positions=positions)
            return bert.BERT(large).eval()
        if name == "T5, decoder":
            head_width = config.width // config.heads
            reader = t5.T5(t5.T5Config(**shape, **wide, head_width=head_width)).eval()
            return as_decoder(reader, text(config.source, device))
        # Three maps to two thirds of the width are as large as two maps to the whole.
        shape["hidden"] = 8 * config.width // 3
        shape["kv_heads"] = config.groups if "grouped" in name else config.heads
        return llama.LLaMA(llama.LLaMAConfig(**shape, positions=positions)).eval()


def text(length: int, device: str = "cpu") -> Tensor:
    """Any tokens, (1, length): their number alone matters here."""
    return torch.ones(1, length, dtype=torch.long, device=device)


def counts(config: CacheConfig, name: str) -> Counts:
    """Operations and bytes for a new token."""
    found: Counts = {}

    def note(column: str, length: int, value: int) -> None:
        found.setdefault(column, {})[str(length)] = value

    network = built(config, name, config.longest, "meta")
    for length in (*config.lengths, config.longest // 2, config.longest):
        step = Step(network, text(length, "meta"))
        note("operations without", length, operations(step.without))
        if name in CACHED:
            step.ready()
            note("operations with", length, operations(step.with_cache))
            note("bytes kept", length, kv_cache_bytes(step.cache))
    network = built(config, name, max(config.lengths))
    for length in config.lengths:
        step = Step(network, text(length))
        note("bytes at work without", length, peak_bytes(step.without))
        if name in CACHED:
            step.ready()
            note("bytes at work with", length, peak_bytes(step.with_cache))
    return found


def seconds(config: CacheConfig, number: int) -> dict[str, Times]:
    """One repetition, every second in reverse: networks, lengths, turns of a chat."""
    found: dict[str, Times] = {}
    for name in NETWORKS:
        network = built(config, name, max(config.lengths))
        steps = {n: Step(network, text(n)) for n in config.lengths}
        found[name] = timed(config, steps, name in CACHED, number)
    ends = {n: before(config, n) + config.said for n in config.turns}
    network = built(config, "GPT", max(ends.values()))
    steps = {n: Step(network, text(end), config.said) for n, end in ends.items()}
    return found | {"chat": timed(config, steps, True, number)}


def timed(
    config: CacheConfig, steps: dict[int, Step], cached: bool, number: int
) -> Times:
    """Seconds of each step with the cache, if there is one, and without."""
    found: Times = {}
    for n, step in steps.items():
        calls = [*([step.ready().with_cache] if cached else []), step.without]
        found[str(n)] = best_seconds(calls, config.tries, turned=number % 2 == 1)
    return found


def paired(times: list[list[float]]) -> dict[str, list[float]]:
    """Milliseconds with and without over the repetitions, and the ratio of pairs."""
    *ahead, without = zip(*times, strict=True)
    found = {"milliseconds without": geometric_mean_interval(1e3 * s for s in without)}
    for cached in ahead:
        found["milliseconds with"] = geometric_mean_interval(1e3 * s for s in cached)
        pairs = zip(cached, without, strict=True)
        found["times faster"] = geometric_mean_interval(
            slow / fast for fast, slow in pairs
        )
    return found


def new_token(
    config: CacheConfig, name: str, columns: Counts, timed: list[Times]
) -> list[dict[str, Any]]:
    """A row a length: what a new token costs; `seen pairs`: causal pairs alone."""
    rows = []
    for length in map(str, config.lengths):
        row: dict[str, Any] = {"name": f"{name}, {length} tokens"}
        row |= {column: values[length] for column, values in columns.items()}
        if name in CACHED:
            once, every = row["operations with"], row["operations without"]
            seen = every - masked_operations(config.layers, config.width, int(length))
            row |= {"times fewer": every / once, "times fewer, seen pairs": seen / once}
        rows.append(row | paired([found[length] for found in timed]))
    return rows


def exponents(
    config: CacheConfig, name: str, columns: Counts, timed: list[Times]
) -> dict[str, Any]:
    """The power of the length with which each column grows, over the lengths.

    `at the longest`: between half of it and the longest, from the counts alone.
    """
    lengths, ends = config.lengths, (config.longest // 2, config.longest)
    row: dict[str, Any] = {"name": f"{name}, exponents"}
    for column, values in columns.items():
        row[column] = exponent(lengths, [values[str(n)] for n in lengths])
        if str(ends[1]) in values:
            last = [values[str(n)] for n in ends]
            row[f"{column}, at the longest"] = exponent(ends, last)
    for place, way in enumerate(("without", "with")[: 1 + (name in CACHED)], 1):
        courses = [[found[str(n)][-place] for n in lengths] for found in timed]
        slopes = (exponent(lengths, course) for course in courses)
        row[f"milliseconds {way}"] = t_interval(tuple(slopes))
    return row


def bands(config: CacheConfig, timed: list[Times]) -> dict[str, list[list[float]]]:
    """For a figure: length, mean milliseconds, low and high, without and with."""
    found: dict[str, list[list[float]]] = {}
    for length in config.lengths:
        for column, values in paired([times[str(length)] for times in timed]).items():
            if column.startswith("milliseconds "):
                point = [length, *(round(value, 3) for value in values)]
                found.setdefault(column.removeprefix("milliseconds "), []).append(point)
    return found


def texts(config: CacheConfig) -> list[dict[str, Any]]:
    """Writing a text whole: calls, operations, and how many readings that makes."""
    whole = text(config.written, "meta")
    causal = built(config, "GPT", config.written, "meta")
    masked = built(config, "BERT", config.written, "meta")

    def word_by_word(cache: Cache | None) -> None:
        for end in range(1, config.written + 1):
            causal(whole[:, end - 1 if cache else 0 : end], cache=cache)

    once, masked_once = (operations(partial(n, whole)) for n in (causal, masked))
    saved, again = (operations(lambda c=c: word_by_word(c)) for c in (Cache(), None))
    words, passes = config.written, config.passes
    return [
        {"name": f"writing, {n}", "calls": c, "operations": o, "readings": o / of}
        for n, c, o, of in (
            ("GPT, kept", words, saved, once),
            ("GPT, read again", words, again, once),
            ("BERT, a word a pass", words, words * masked_once, masked_once),
            ("BERT, many words a pass", passes, passes * masked_once, masked_once),
        )
    ]


def before(config: CacheConfig, number: int) -> int:
    """Tokens that were read and written before a turn, counted from 1."""
    return (number - 1) * (config.said + config.answered)


def turn(config: CacheConfig, number: int) -> dict[str, int | float]:
    """Operations of one turn: all before it kept, or read once more at its start."""
    past = before(config, number)
    start, end = past + config.said, past + config.said + config.answered
    network, tokens = built(config, "GPT", end, "meta"), text(end, "meta")

    def work(cache: Cache) -> None:
        network(tokens[:, cache.length : start], cache=cache)
        for place in range(start, end):
            network(tokens[:, place : place + 1], cache=cache)

    cache = Cache()
    if past:
        with torch.no_grad():
            network(tokens[:, :past], cache=cache)
    reused, anew = (operations(partial(work, c)) for c in (cache, Cache()))
    return {
        "tokens before": past,
        "operations, kept": reused,
        "operations, read once more": anew,
        "times fewer": anew / reused,
        "bytes kept after it": kv_cache_bytes(cache),
    }


def size(name: str) -> dict[str, Any]:
    """A published network at its full length, in numbers of two bytes."""
    make = gpt.GPT if name in gpt.SIZES else llama.LLaMA
    shape = (gpt.SIZES | llama.SIZES)[name]
    with torch.device("meta"), torch.no_grad():
        network = make(shape).half().eval()
    step = Step(network, text(shape.positions, "meta")).ready()
    held = kv_cache_bytes(step.cache)
    weights = sum(p.nbytes for p in network.parameters())
    return {
        "name": name,
        "tokens": shape.positions,
        "kB a token": held / shape.positions / 1e3,
        "MB kept": held / 1e6,
        "MB of weights": weights / 1e6,
        "texts as large as the weights": weights / held,
        "times fewer": operations(step.without) / operations(step.with_cache),
    }


def smaller() -> CacheConfig:
    """The same question at a size that a test can afford."""
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
