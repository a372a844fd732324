"""Cached equals uncached decoding: logits and texts, all lengths, with padding."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from paradigms.generation.decoding import greedy, sample
from paradigms.layers import Cache
from tests.generation.test_decoding import NETWORKS, WORDS, built, every

pytestmark = pytest.mark.usefixtures("one_thread")


positioned = pytest.mark.parametrize(
    ("name", "part"), [("GPT", "position"), ("LLaMA, 2 key heads", "rotary")]
)


@torch.no_grad()
def in_pieces(
    network: Callable,
    tokens: Tensor,
    stops: list[int],
    real: Tensor | None = None,
    cache: Cache | None = None,
) -> Tensor:
    """The logits of a text that is read in pieces, up to each stop, with a cache."""
    cache = Cache() if cache is None else cache
    parts, start = [], 0
    for stop in stops:
        mask = None if real is None else real[:, :stop]
        parts.append(network(tokens[:, start:stop], real=mask, cache=cache))
        start = stop
    return torch.cat(parts, dim=1)  # (B, T, V)


@torch.no_grad()
def gap(
    network: Callable,
    tokens: Tensor,
    stops: list[int],
    real: Tensor | None = None,
    cache: Cache | None = None,
) -> float:
    """Largest difference with and without a cache, relative to the largest logit."""
    uncached = network(tokens, real=real)
    cached = in_pieces(network, tokens, stops, real, cache)
    mask = torch.ones_like(tokens, dtype=torch.bool) if real is None else real
    return float((cached - uncached)[mask].abs().max() / uncached.abs().max())


def padded(side: str, rows: int, length: int) -> tuple[Tensor, Tensor]:
    """Texts with 0 to 3 padding tokens, on the left, or inside after 1 to 4 words.

    Padding inside arises when words are appended to prompts padded on the right.
    """
    tokens, padding = torch.randint(WORDS, (rows, length)), torch.arange(rows) % 4
    positions = torch.arange(length)
    first = torch.zeros(rows, dtype=torch.long) if side == "left" else 4 - padding
    real = (positions < first[:, None]) | (positions >= (first + padding)[:, None])
    return tokens, real


@every
def test_cached_equals_uncached_at_every_length(name):
    """A prompt of 1 to 11 words, then word by word or at once: equal logits."""
    network, tokens = built(name, 3), torch.randint(WORDS, (3, 12))
    for prompt in range(1, 12):
        assert gap(network, tokens, [prompt, 12]) < 1e-5
        assert gap(network, tokens, [prompt, *range(prompt + 1, 13)]) < 1e-5


@every
@pytest.mark.parametrize("side", ["left", "inside"])
def test_cached_equals_uncached_with_padding(name, side):
    """Padding before or inside the texts: equal logits at all words and lengths."""
    network = built(name, 4)
    tokens, real = padded(side, 4, 12)
    for prompt in range(4, 12):
        assert gap(network, tokens, [prompt, 12], real) < 1e-5
        assert gap(network, tokens, [prompt, *range(prompt + 1, 13)], real) < 1e-5


@pytest.mark.parametrize("name", [n for n in NETWORKS if n not in ("T5", "BART")])
@pytest.mark.parametrize("side", ["left", "inside"])
@torch.no_grad()
def test_padding_moves_nothing(name, side):
    """A padded text, read with a cache, has the logits of the text without padding."""
    network = built(name, 4)
    tokens, real = padded(side, 4, 12)
    batched = in_pieces(network, tokens, [5, *range(6, 13)], real)
    for row, mask, logits in zip(tokens, real, batched, strict=True):
        alone = network(row[mask][None])[0]
        assert float((logits[mask] - alone).abs().max() / alone.abs().max()) < 1e-5


@every
def test_the_same_words_with_and_without_a_cache(name):
    """Greedy and sampled texts agree, for prompts and continuations of up to 6."""
    network, tokens = built(name, 3), torch.randint(WORDS, (3, 6))
    for length in range(1, 7):
        prompt = tokens[:, :length]
        expected = greedy(network, prompt, 6, cached=False)
        for steps in range(7):
            texts = greedy(network, prompt, steps)
            assert torch.equal(texts, expected[:, : length + steps])
        samples = [
            sample(network, prompt, 6, torch.Generator().manual_seed(1), cached=cached)
            for cached in (True, False)
        ]
        assert torch.equal(*samples)


@every
def test_the_same_words_after_padding_on_the_left(name):
    """Prompts padded on the left: the same words with and without a cache."""
    network = built(name, 4)
    tokens, real = padded("left", 4, 6)
    expected = greedy(network, tokens, 6, real=real, cached=False)
    assert torch.equal(greedy(network, tokens, 6, real=real), expected)


@every
def test_the_cache_grows_by_doubling(name):
    """75 words, one by one: capacities 32, 66 and 134; the logits stay equal."""
    network, tokens, cache = built(name, 2), torch.randint(WORDS, (2, 75)), Cache()
    capacities = []
    with torch.no_grad():
        for position in range(75):
            network(tokens[:, position : position + 1], cache=cache)
            capacities.append(max(tensor.shape[3] for tensor in cache.stored.values()))
    assert sorted(set(capacities)) == [32, 66, 134]
    assert (capacities.index(66), capacities.index(134)) == (32, 66)
    assert gap(network, tokens, list(range(1, 76))) < 1e-5


@every
@torch.no_grad()
def test_selected_sequences_go_on_as_if_read_alone(name):
    """After `select`, row i of the cache is the selected sequence, also if repeated."""
    network, tokens, cache = built(name, 4), torch.randint(WORDS, (4, 7)), Cache()
    uncached = network(tokens)
    network(tokens[:, :5], cache=cache)
    # An encoder-decoder keeps the order of its source masks, so rows must not move.
    rows = torch.tensor([0, 1, 2, 3] if name in ("T5", "BART") else [2, 0, 2, 3])
    cache.select(rows)
    logits, expected = network(tokens[rows, 5:], cache=cache), uncached[rows, 5:]
    assert float((logits - expected).abs().max() / uncached.abs().max()) < 1e-5


class Forgetful(Cache):
    """A faulty cache: stored keys and values are zeroed when the capacity grows."""

    def append(self, layer, key, value):
        end = self.length + key.shape[2]
        stored = self.stored.get(layer)
        if stored is not None and stored.shape[3] < end:
            stored.zero_()
        return super().append(layer, key, value)


class Late(Cache):
    """A faulty cache: keys are shifted by one position against the values."""

    def append(self, layer, key, value):
        keys, values = super().append(layer, key, value)
        return keys.roll(1, dims=2), values


@positioned
def test_a_position_that_stands_still_is_noticed(name, part):
    """Negative control: without a position offset for new words the logits differ."""
    network, tokens = built(name, 2), torch.randint(WORDS, (2, 8))
    stops = [4, *range(5, 9)]
    assert gap(network, tokens, stops) < 1e-5
    uncached = network(tokens).detach()
    module = getattr(network, part)
    module.register_forward_pre_hook(lambda _, args: (args[0] - args[0][0], *args[1:]))
    cached = in_pieces(network, tokens, stops)
    assert float((cached - uncached).abs().max() / uncached.abs().max()) > 1e-2


@every
@pytest.mark.parametrize("wrong", [Forgetful, Late])
def test_a_wrong_cache_is_noticed(name, wrong):
    """Negative control: lost or shifted keys are far above the limit."""
    network, tokens = built(name, 2), torch.randint(WORDS, (2, 40))
    assert gap(network, tokens, list(range(1, 41)), cache=wrong()) > 1e-3
