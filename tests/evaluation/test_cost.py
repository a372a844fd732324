"""What a call costs: operations, bytes, seconds, and how they grow."""

from functools import partial

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from paradigms.evaluation.cost import (
    NetworkSize,
    Step,
    arbitrary_tokens,
    best_seconds,
    exponent,
    geometric_mean_interval,
    kv_cache_bytes,
    milliseconds,
    operations,
    peak_bytes,
    with_random_weights,
)
from paradigms.generation.decoding import as_decoder
from paradigms.models.t5 import T5, T5Config

pytestmark = pytest.mark.usefixtures("one_thread")

SIZE = NetworkSize(layers=2)


def closed_form(size: NetworkSize, length: int) -> int:
    """Operations of a GPT that reads `length` tokens in one forward pass."""
    width, vocabulary = size.width, size.vocabulary
    layer = 24 * width**2 * length + 4 * width * length**2
    return size.layers * layer + 2 * width * vocabulary * length


def test_operations_are_those_of_the_products():
    """Of one matrix product, and of a GPT; torch's counter alone misses attention."""
    a, b = torch.ones(3, 5), torch.ones(5, 7)
    assert operations(lambda: a @ b) == 2 * 3 * 5 * 7
    network, tokens = SIZE.gpt(32), arbitrary_tokens(32)
    assert operations(lambda: network(tokens)) == closed_form(SIZE, 32)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(tokens)
    assert counter.get_total_flops() < closed_form(SIZE, 32)


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
    network = with_random_weights(partial(SIZE.gpt, 64), "meta")
    step = Step(network, arbitrary_tokens(40, "meta")).fill_cache()
    assert kv_cache_bytes(step.cache) == 2 * 4 * SIZE.layers * SIZE.width * 40
    capacity = sum(4 * tensor.numel() for tensor in step.cache.stored.values())
    assert capacity > kv_cache_bytes(step.cache)


def test_bytes_kept_are_those_of_a_longer_source_too():
    """An encoder-decoder keeps all 50 keys of its source beside the 10 of the text."""
    config = T5Config(
        vocabulary=SIZE.vocabulary,
        width=SIZE.width,
        layers=SIZE.layers,
        heads=SIZE.heads,
        head_width=SIZE.width // SIZE.heads,
        hidden=SIZE.width,
    )
    network = with_random_weights(lambda: T5(config))
    decoder = as_decoder(network, arbitrary_tokens(50))
    step = Step(decoder, arbitrary_tokens(10)).fill_cache()
    assert kv_cache_bytes(step.cache) == 2 * 4 * SIZE.layers * SIZE.width * (50 + 10)


def test_random_weights_are_the_same_each_time():
    """On the meta device there are none."""
    one, other = (with_random_weights(partial(SIZE.gpt, 8)) for _ in range(2))
    assert one.word.weight.equal(other.word.weight)
    assert with_random_weights(partial(SIZE.gpt, 8), "meta").word.weight.is_meta


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
        [partial(calls.append, "a"), partial(calls.append, "b")], 1, reverse=True
    )
    assert calls == ["b", "a"] * 2
    assert all(0 <= seconds < 1 for seconds in times)


def test_a_step_is_timed_with_and_without_its_cache():
    """The ratio is paired: by repetition, not of the means."""
    step = Step(with_random_weights(partial(SIZE.gpt, 64)), arbitrary_tokens(64))
    assert list(step.seconds(1, reverse=False)) == ["without", "with"]
    assert list(step.seconds(1, reverse=True, has_cache=False)) == ["without"]
    columns = milliseconds(
        [{"without": 0.4, "with": 0.16}, {"without": 0.1, "with": 0.04}]
    )
    assert columns["milliseconds without"][0] == pytest.approx(200)
    assert columns["milliseconds with"][0] == pytest.approx(80)
    assert columns["times faster"] == pytest.approx([2.5] * 3)
    assert "times faster" not in milliseconds([{"without": 0.4}, {"without": 0.1}])
