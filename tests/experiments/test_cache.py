"""The KV cache: recorded and recomputed counts equal the closed formulas."""

from functools import partial

import pytest
import torch

from paradigms.evaluation.cost import Step, arbitrary_tokens, with_random_weights
from paradigms.experiments import cache
from paradigms.experiments.cache import CONFIG, VARIANTS, CacheConfig, Variant
from paradigms.experiments.records import load
from tests.evaluation.test_cost import closed_form

pytestmark = pytest.mark.usefixtures("one_thread")

CACHED = [variant for variant in VARIANTS if variant.has_cache]


def rows() -> dict:
    """The recorded rows by name."""
    return {row["name"]: row for row in load("cache").rows}


def test_cache_again_at_reduced_size():
    """Half the layers: ratios as recorded, and half of the bytes."""
    reduced = {row["name"]: row for row in cache.run(cache.smaller()).rows}
    stored = rows()
    for length in (64, 128):
        for variant in CACHED:
            row = f"{variant.name}, {length} tokens"
            fewer = stored[row]["times fewer"]
            assert reduced[row]["times fewer"] == pytest.approx(fewer, rel=0.05)
            assert reduced[row]["bytes cached"] * 2 == stored[row]["bytes cached"]
        assert "bytes cached" not in reduced[f"BERT, {length} tokens"]


def test_recorded_counts_are_those_of_the_formulas():
    """Operations with and without a cache, exactly; bytes cached; the factor is T."""
    config, stored = CONFIG, rows()
    for length in config.lengths:
        row = stored[f"GPT, {length} tokens"]
        total = closed_form(config, length)
        assert row["operations without"] == total
        assert row["operations with"] * length == total
        # The causal triangle of query-key pairs, with its diagonal, not the square.
        square = 4 * config.width * length**2
        triangle = 4 * config.width * (length * (length + 1) // 2)
        causal = total - config.layers * (square - triangle)
        assert row["times fewer, visible pairs"] * row["operations with"] == (
            pytest.approx(causal)
        )
        assert row["bytes cached"] == 2 * 4 * config.layers * config.width * length
        grouped = stored[f"LLaMA, grouped queries, {length} tokens"]["bytes cached"]
        assert grouped * config.heads == row["bytes cached"]


def test_what_the_page_says_of_the_cache():
    """Statements of the page beyond those that claims check."""
    results = rows()
    record = load("cache")
    assert (record.threads, record.processor[-7:]) == (1, "2 cores")
    for variant in CACHED:
        for length in (64, 128, 256, 512, 1024):
            row = results[f"{variant.name}, {length} tokens"]
            assert row["times faster"][1] > 1
            assert row["times faster"][2] < row["times fewer"]
        powers = results[f"{variant.name}, exponents"]
        assert 0 < powers["operations with"] < 0.3
        assert 1 < powers["operations without"] < 1.3
        assert powers["operations with, at the longest"] > 0.95
        assert powers["operations without, at the longest"] > 1.95
        assert powers["milliseconds without"][1] > 1
        assert powers["milliseconds without"][2] < 2
        assert powers["milliseconds with"][2] < 0.5
        assert powers["milliseconds with"][1] > 0  # with a cache the time still grows
    short, long = (results[f"GPT, {n} tokens"]["milliseconds with"] for n in (64, 1024))
    assert long[1] > short[2]  # not only a fixed cost of each call
    decoder = results["T5, decoder, exponents"]  # a bias for each pair of positions
    assert decoder["working bytes without"] > 1.5
    linear = 6 * CONFIG.width  # attention's share: T / (6 W + T)
    assert [round(100 * n / (linear + n)) for n in (64, 512, 1024)] == [8, 40, 57]
    shared = results["LLaMA, grouped queries, 1024 tokens"]
    plain = results["LLaMA, 1024 tokens"]
    assert shared["bytes cached"] * 4 == plain["bytes cached"]
    assert shared["working bytes with"] > plain["working bytes with"]


@pytest.mark.parametrize("variant", CACHED, ids=lambda variant: variant.name)
@torch.no_grad()
def test_a_token_read_after_the_others_gets_the_same_scores(variant: Variant):
    """Cached keys and values instead of reading again: equal logits up to rounding.

    Logits without the cached context differ by more.
    """
    network = with_random_weights(partial(variant.build, CONFIG, 64))
    rng = torch.Generator().manual_seed(0)
    tokens = torch.randint(CONFIG.vocabulary, (1, 64), generator=rng)
    step = Step(network, tokens).fill_cache()
    step.cache.rewind(step.past)
    cached_scores = network(tokens[:, -1:], cache=step.cache)[:, -1]
    scores = network(tokens)[:, -1]
    assert torch.allclose(cached_scores, scores, atol=1e-5)
    assert not torch.allclose(network(tokens[:, -1:])[:, -1], scores, atol=1e-5)


def test_every_network_is_the_one_that_it_is_called():
    """All networks but BERT have a cache."""
    assert {v.name for v in VARIANTS if not v.has_cache} == {"BERT"}
    with pytest.raises(TypeError, match="cache"):
        Step(CacheConfig(layers=1).bert(8), arbitrary_tokens(8)).fill_cache()
