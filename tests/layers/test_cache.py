"""The KV cache: recorded and recomputed counts equal the closed formulas."""

from functools import partial

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from paradigms.evaluation.cost import (
    Step,
    best_seconds,
    exponent,
    geometric_mean_interval,
    kv_cache_bytes,
    operations,
    peak_bytes,
)
from paradigms.experiments import cache
from paradigms.experiments.cache import (
    CACHED,
    NETWORKS,
    CacheConfig,
    build_network,
    text,
)
from paradigms.experiments.records import load

pytestmark = pytest.mark.usefixtures("one_thread")


def rows() -> dict:
    """The recorded rows by name."""
    return {row["name"]: row for row in load("cache").rows}


def closed_form(config: CacheConfig, length: int) -> int:
    """Operations of a GPT that reads `length` tokens in one forward pass."""
    width, vocabulary = config.width, config.vocabulary
    layer = 24 * width**2 * length + 4 * width * length**2
    return config.layers * layer + 2 * width * vocabulary * length


def test_cache_again_at_reduced_size():
    """Half the layers: ratios, and bytes of published networks, as recorded."""
    reduced = {row["name"]: row for row in cache.run(cache.smaller())}
    stored = rows()
    for length in (64, 128):
        for name in CACHED:
            row = f"{name}, {length} tokens"
            fewer = stored[row]["times fewer"]
            assert reduced[row]["times fewer"] == pytest.approx(fewer, rel=0.05)
            assert reduced[row]["bytes kept"] * 2 == stored[row]["bytes kept"]
        assert "bytes kept" not in reduced[f"BERT, {length} tokens"]
    for turn in ("chat, turn 1", "chat, turn 4"):
        fewer = stored[turn]["times fewer"]
        assert reduced[turn]["times fewer"] == pytest.approx(fewer, rel=0.05)
    for name in ("GPT-2 small", "Llama 3 8B"):
        assert reduced[name] == stored[name]


def test_recorded_counts_are_those_of_the_formulas():
    """Operations with and without a cache, exactly; bytes cached; the factor is T."""
    config, stored = cache.CONFIG, rows()
    for length in config.lengths:
        row = stored[f"GPT, {length} tokens"]
        total = closed_form(config, length)
        assert row["operations without"] == total
        assert row["operations with"] * length == total
        # The causal triangle of query-key pairs, with its diagonal, not the square.
        square = 4 * config.width * length**2
        triangle = 4 * config.width * (length * (length + 1) // 2)
        causal = total - config.layers * (square - triangle)
        assert row["times fewer, seen pairs"] * row["operations with"] == (
            pytest.approx(causal)
        )
        assert row["bytes kept"] == 2 * 4 * config.layers * config.width * length
        grouped = stored[f"LLaMA, grouped queries, {length} tokens"]["bytes kept"]
        assert grouped * config.heads == row["bytes kept"]


def test_what_the_page_says_of_the_cache():
    """Statements of the page beyond those that claims check."""
    results = rows()
    for name in CACHED:
        for length in (64, 128, 256, 512, 1024):
            row = results[f"{name}, {length} tokens"]
            assert row["times faster"][1] > 1
            assert row["times faster"][2] < row["times fewer"]
        powers = results[f"{name}, exponents"]
        assert 0 < powers["operations with"] < 0.3
        assert 1 < powers["operations without"] < 1.3
        assert powers["operations with, at the longest"] > 0.95
        assert powers["operations without, at the longest"] > 1.95
        assert powers["milliseconds without"][1] > 1
        assert powers["milliseconds without"][2] < 2
        assert powers["milliseconds with"][2] < 0.5
        assert powers["milliseconds with"][1] > 0  # with a cache the time still grows
    short, long = (results[f"GPT, {n} tokens"]["milliseconds with"] for n in (64, 1024))
    assert long[1] > 2 * short[2]  # not only a fixed cost of each call
    decoder = results["T5, decoder, exponents"]  # a bias for each pair of positions
    assert decoder["bytes at work without"] > 1.5
    linear = 6 * cache.CONFIG.width  # attention's share: T / (6 W + T)
    assert [round(100 * n / (linear + n)) for n in (64, 512, 1024)] == [8, 40, 57]
    assert results["chat, turn 1"]["times fewer"] == 1
    assert results["chat, turn 1"]["times faster"][0] > 0.9
    assert results["chat, turn 1"]["times faster"][2] < 1  # overhead of the cache
    for turn in (2, 4, 8, 16):
        row = results[f"chat, turn {turn}"]
        assert row["times fewer"] == pytest.approx(turn, rel=0.01)
        assert row["times faster"][1] > 1
    writing = {name[9:]: row for name, row in results.items() if "writing" in name}
    assert 0.9 < writing["GPT, kept"]["readings"] < 1
    assert writing["GPT, read again"]["readings"] > 30
    shared = results["LLaMA, grouped queries, 1024 tokens"]
    plain = results["LLaMA, 1024 tokens"]
    assert shared["bytes kept"] * 4 == plain["bytes kept"]
    assert shared["bytes at work with"] > plain["bytes at work with"]
    assert results["LLaMA 7B"]["kB a token"] == 4 * results["Llama 3 8B"]["kB a token"]


@pytest.mark.parametrize("name", CACHED)
@torch.no_grad()
def test_a_token_read_after_the_others_gets_the_same_scores(name):
    """Cached keys and values instead of reading again: equal logits up to rounding.

    Logits without the cached context differ by more.
    """
    network = build_network(CacheConfig(), name, 64)
    rng = torch.Generator().manual_seed(0)
    tokens = torch.randint(CacheConfig().vocabulary, (1, 64), generator=rng)
    step = Step(network, tokens).ready()
    step.cache.length = step.past
    cached_scores = network(tokens[:, -1:], cache=step.cache)[:, -1]
    scores = network(tokens)[:, -1]
    assert torch.allclose(cached_scores, scores, atol=1e-5)
    assert not torch.allclose(network(tokens[:, -1:])[:, -1], scores, atol=1e-5)


def test_operations_are_those_of_the_products():
    """Of one matrix product, and of a GPT; torch's counter alone misses attention."""
    a, b = torch.ones(3, 5), torch.ones(5, 7)
    assert operations(lambda: a @ b) == 2 * 3 * 5 * 7
    config = CacheConfig(layers=2)
    network, tokens = build_network(config, "GPT", 32), text(32)
    assert operations(lambda: network(tokens)) == closed_form(config, 32)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(tokens)
    assert counter.get_total_flops() < closed_form(config, 32)


def test_bytes_at_work_are_the_most_held_at_once():
    """Two tensors alive at once count both, one after the other only the larger."""
    x = torch.ones(1000)

    def one_after_the_other() -> None:
        for size in (500, 1000, 10):
            x[:size] + 1

    assert peak_bytes(lambda: (x + 1, x + 2)) == pytest.approx(2 * 4000, abs=64)
    assert peak_bytes(one_after_the_other) == pytest.approx(4000, abs=64)


def test_bytes_kept_are_those_in_use():
    """Not the capacity that the cache allocated in advance."""
    config = CacheConfig(layers=2)
    step = Step(build_network(config, "GPT", 64, "meta"), text(40, "meta")).ready()
    assert kv_cache_bytes(step.cache) == 2 * 4 * config.layers * config.width * 40
    capacity = sum(4 * tensor.numel() for tensor in step.cache.stored.values())
    assert capacity > kv_cache_bytes(step.cache)


def test_a_power_is_found_and_a_mean_is_geometric():
    """3 n^1.5 has exponent 1.5; the mean of 1 and 100 is 10; the fastest run counts."""
    sizes = (10, 20, 80)
    assert exponent(sizes, [3 * n**1.5 for n in sizes]) == pytest.approx(1.5)
    assert geometric_mean_interval((1.0, 100.0))[0] == pytest.approx(10)
    calls: list[str] = []
    times = best_seconds([partial(calls.append, "a"), partial(calls.append, "b")], 3)
    assert calls == ["a", "b"] * 4  # the first call of each is a warm-up
    calls.clear()
    best_seconds(
        [partial(calls.append, "a"), partial(calls.append, "b")], 1, turned=True
    )
    assert calls == ["b", "a"] * 2
    assert all(0 <= seconds < 1 for seconds in times)


def test_every_network_is_the_one_that_it_is_called():
    """All networks but BERT have a cache."""
    assert set(NETWORKS) - set(CACHED) == {"BERT"}
    with pytest.raises(TypeError, match="cache"):
        Step(build_network(CacheConfig(layers=1), "BERT", 8), text(8)).ready()
