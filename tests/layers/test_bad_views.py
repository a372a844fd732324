"""Caches, memories, rules and prompts that do not fit the texts are refused by name."""

from functools import partial

import pytest
import torch

from paradigms._checks import finite
from paradigms.generation.beam_search import beam_search
from paradigms.generation.decoding import greedy
from paradigms.layers import Block, Cache, MultiHeadAttention, Stack, attention_view
from paradigms.masks import bidirectional, causal, padding, prefix_lm
from paradigms.models import gpt, llama
from tests.models.test_bad_input import TEXT, WRITERS, build, named, refused

pytestmark = pytest.mark.usefixtures("one_thread")
FOUR = torch.cat([TEXT, TEXT])
READERS = [gpt.GPT, llama.LLaMA]


@named(READERS)
@torch.no_grad()
def test_a_cache_of_other_sequences_is_refused(system):
    """Another batch size would broadcast silently."""
    for first, second in ((TEXT, TEXT[:1]), (TEXT, FOUR), (TEXT[:1], TEXT)):
        network, cache = build(system), Cache()
        network(first, cache=cache)
        message = f"cache holds {len(first)} sequences: tokens have {len(second)} rows"
        refused(message, lambda n=network, c=cache, t=second: n(t, cache=c))


@named(READERS)
@torch.no_grad()
def test_a_cache_of_another_network_is_refused(system):
    """Keys would be read from uninitialised memory."""
    cache = Cache()
    build(system)(TEXT, cache=cache)
    refused("cache holds 3 tokens of another network", lambda: build(system)(
        TEXT, cache=cache))  # fmt: skip


@named(READERS)
@torch.no_grad()
def test_a_cache_forgets_a_call_that_failed(system):
    """NaN in the last layer aborts a call; the cache is then still usable."""
    network, cache = build(system), Cache()
    weight = network.stack.blocks[-1].attention.output.weight
    original = weight.clone()
    weight.fill_(torch.nan)
    refused("is not finite", lambda: network(FOUR, cache=cache))
    weight.copy_(original)
    assert torch.equal(network(TEXT, cache=cache), network(TEXT))


@named(WRITERS)
@torch.no_grad()
def test_another_memory_beside_a_used_cache_is_refused(system):
    """The cache would silently go on with the first source."""
    network, cache = build(system), Cache()
    memory, other = network.encode(TEXT), network.encode(TEXT.flip(0))
    first = network.decode(TEXT, memory, cache=cache)
    message = "memory must be the tensor that the cache was filled from"
    refused(message, lambda: network.decode(TEXT, other, cache=cache))
    assert torch.equal(network.decode(TEXT, memory), first)
    assert network.decode(TEXT, memory, cache=cache).isfinite().all()


@named([gpt.GPT])
@pytest.mark.parametrize("rows", [1, 3])
def test_a_rule_for_other_sequences_is_refused(system, rows):
    """Prefix lengths for one or three texts, given two: neither repeated nor cut."""
    rule, real = prefix_lm(torch.full((rows, 1, 1), 2)), torch.ones(2, 3).bool()
    message = f"the rule must be for 2 sequences: got {rows}"
    refused(message, lambda: build(system)(TEXT, rule))
    refused(message, lambda: build(system)(TEXT, rule, real))
    refused("the rule must be for 1 sequences: got 3", lambda: attention_view(
        TEXT[:1], prefix_lm(torch.full((3, 1, 1), 2)), real[:1]))  # fmt: skip


def test_attention_beside_other_rows_is_refused():
    """The kernel would broadcast a mask or a memory of one row."""
    attention, x = MultiHeadAttention(8, 2), torch.ones(2, 3, 8)
    visible = attention_view(TEXT, causal).visible
    assert visible is not None
    assert attention(x, visible.expand(2, 3, 3)).shape == x.shape
    for rows in (1, 3):
        message = f"must have 2 rows, as x: got {rows}"
        masks, memory = visible.expand(rows, 3, 3), torch.ones(rows, 3, 8)
        refused(f"visible {message}", lambda m=masks: attention(x, m))
        refused(f"memory {message}", lambda m=memory: attention(x, memory=m))


@named(READERS)
def test_prompts_that_end_in_padding_are_refused(system):
    """The next word would follow the padding; the error names the row."""
    network = build(system)
    real = torch.tensor([[True] * 3, [True, True, False]])
    message = "real: row 1 ends in padding: pad prompts on the left"
    refused(message, lambda: greedy(network, TEXT, 2, real=real))
    refused(message, lambda: beam_search(network, TEXT, 2, 2, real=real))
    assert greedy(network, TEXT, 2, real=real.flip(1)).shape == (2, 5)
    refused("real must be boolean of shape", lambda: greedy(
        network, TEXT, 2, real=real[:, :2]))  # fmt: skip


@pytest.mark.parametrize("rule", [prefix_lm, padding])
@pytest.mark.parametrize("shape", [(), (3,), (3, 1), (3, 1, 3)])
def test_lengths_of_another_shape_are_refused(rule, shape):
    """Other shapes would broadcast along keys or queries; for one text use an int."""
    dims = ", ".join(map(str, shape))
    message = rf"must be of shape \(B, 1, 1\): got \({dims},?\)"
    refused(message, lambda: rule(torch.ones(shape, dtype=torch.long)))


@torch.no_grad()
def test_a_cache_of_what_sees_ahead_is_refused():
    """Cached states do not see later tokens: only the first call would be right."""
    network, cache = build(gpt.GPT), Cache()
    network(TEXT, bidirectional, cache=cache)
    message = "cache needs a rule without a look ahead: got bidirectional"
    refused(message, lambda: network(TEXT, bidirectional, cache=cache))


def test_a_cache_is_not_rewound_to_what_was_not_read():
    """A length below 0 or above the number of tokens read."""
    cache = Cache()
    cache.advance(3)
    refused("cache holds 3 tokens: got 4", lambda: cache.rewind(4))
    refused("length must be a whole number of at least 0: -1", lambda: cache.rewind(-1))
    cache.rewind(2)
    assert cache.length == 2


@torch.no_grad()
def test_a_cache_beside_a_shared_block_is_refused():
    """Each layer would overwrite the keys of the previous one."""
    x, shared = torch.ones(2, 3, 8), Stack(2, partial(Block, 8, 2), shared=True)
    refused("cache: a shared block", lambda: shared(x, Cache()))
    assert shared(x).isfinite().all()


def test_many_numbers_in_half_precision_are_finite():
    """Their sum exceeds 65,504, the float16 maximum; a single infinity is detected."""
    x = torch.full((70_000,), 2.0, dtype=torch.float16)
    assert finite(x) is x
    x[9] = torch.inf
    refused("is not finite", lambda: finite(x))
