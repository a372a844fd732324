"""The prefix LM: bidirectional in its prefix, a distribution over the rest."""

from itertools import product

import pytest
import torch
from torch import Tensor

from paradigms.data.special_tokens import IGNORE, SpecialTokens
from paradigms.evaluation.receptive_field import sees, sequence_log_prob
from paradigms.generation.beam_search import beam_search
from paradigms.generation.decoding import greedy
from paradigms.layers import Cache
from paradigms.masks import grid, prefix_lm
from paradigms.models.gpt import GPTConfig
from paradigms.models.prefix_lm import After, PrefixLM
from paradigms.objectives import prefix

pytestmark = pytest.mark.usefixtures("one_thread")
FIRST = SpecialTokens().first_word


def sharp_network(words: int, positions: int) -> PrefixLM:
    """A random network whose predictions are far from uniform."""
    torch.manual_seed(0)
    config = GPTConfig(FIRST + words, positions, width=32, layers=2, heads=4)
    network = PrefixLM(config).double()
    for weight in network.parameters():
        weight.data *= 8
    return network


def total(network: PrefixLM, given: list[int], seen: int, length: int = 5) -> float:
    """The sum of P(rest | given) over every rest, with `seen` tokens as the prefix."""
    continuations = list(product(range(FIRST, FIRST + 3), repeat=length - len(given)))
    texts = torch.tensor([[*given, *continuation] for continuation in continuations])
    inputs, targets = prefix(texts, torch.full((len(texts),), len(given)))
    is_target = (targets != IGNORE)[0]
    logits = network(inputs, torch.full((len(texts),), seen))[:, is_target, FIRST:]
    return float(
        sequence_log_prob(logits, targets[:, is_target] - FIRST).exp().sum().detach()
    )


@pytest.mark.parametrize("given", [[], [4], [4, 6], [5, 5, 6], [4, 6, 5, 4]], ids=str)
def test_the_rest_of_every_prefix_is_a_distribution(given):
    """The probabilities of all continuations of a prefix sum to 1."""
    network = sharp_network(3, 5)
    assert total(network, given, seen=len(given) + 1) == pytest.approx(1, abs=1e-10)


def test_a_prefix_that_reaches_into_the_rest_is_noticed():
    """Negative control: if the prefix mask is two words too long the sum is not 1."""
    assert abs(total(sharp_network(3, 5), [4], seen=4) - 1) > 0.01


@pytest.mark.parametrize("length", range(7))
def test_the_prefix_is_seen_from_both_sides(length):
    """Measured by gradients: bidirectional in the prefix, causal in the rest."""
    network, text = sharp_network(3, 6), torch.tensor([[4, 5, 6, 6, 5, 4]])
    options = {"prefix": torch.tensor([length])}
    visible = sees(network, text, network.network.word, **options)
    assert visible.tolist() == grid(prefix_lm(length), 6)


TEXTS = torch.tensor([[4, 5, 6, 4, 4, 6], [6, 6, 5, 4, 5, 5], [5, 4, 4, 6, 6, 6]])
LENGTHS = torch.tensor([1, 4, 3])


def test_each_row_has_a_prefix_of_its_own():
    """Three prefix lengths in one batch: each row has the logits of a single text."""
    network = sharp_network(3, 6)
    batched = network(TEXTS, LENGTHS)
    for row, length, logits in zip(TEXTS, LENGTHS, batched, strict=True):
        assert torch.allclose(network(row[None], length[None])[0], logits)


@torch.no_grad()
def in_pieces(network: PrefixLM, tokens: Tensor, first: int, real: Tensor) -> Tensor:
    """Logits with a cache: the first tokens at once, then one by one."""
    cache, start, parts = Cache(), 0, []
    for stop in range(first, tokens.shape[1] + 1):
        mask = real[:, :stop]
        parts.append(network(tokens[:, start:stop], LENGTHS, mask, cache))
        start = stop
    return torch.cat(parts, dim=1)


@pytest.mark.parametrize("padded", [False, True])
def test_cached_equals_uncached(padded):
    """The prefix at once, then word by word: equal logits, with and without padding."""
    network, real = sharp_network(3, 6), torch.ones_like(TEXTS, dtype=torch.bool)
    if padded:
        real[0, :3] = real[2, :1] = False
    uncached = network(TEXTS, LENGTHS, real).detach()
    for first in (4, 5, 6):
        cached = in_pieces(network, TEXTS, first, real)
        assert float((cached - uncached)[real].abs().max()) < 1e-10


def test_greedy_and_beams_write_after_a_prefix():
    """Prefixes padded on the left: as without a cache, and as for a single prompt."""
    network, prompt = sharp_network(3, 9), torch.tensor([[0, 0, 5], [4, 6, 6]])
    real, lengths = prompt > 0, torch.tensor([1, 3])
    after = After(network, lengths)
    expected = greedy(after, prompt, 5, real=real, cached=False)
    assert torch.equal(greedy(after, prompt, 5, real=real), expected)
    assert torch.equal(beam_search(after, prompt, 5, beams=1, real=real), expected)
    batched = beam_search(after, prompt, 5, beams=3, real=real)
    single = beam_search(After(network, lengths[1:]), prompt[1:], 5, beams=3)
    assert torch.equal(batched[1:], single)


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        (torch.tensor([1, 2]), r"shape \(3,\): got torch.int64 of shape \(2,\)"),
        (torch.tensor([1.0, 2.0, 3.0]), "whole numbers .*: got torch.float32"),
        (torch.tensor([True, False, True]), "whole numbers .*: got torch.bool"),
        (torch.tensor([1, 2, 3], dtype=torch.uint8), "numbers .*: got torch.uint8"),
        (torch.tensor([1, -2, 3]), r"prefix must lie within .*: \[1, -2, 3\]"),
        (torch.tensor([1, 2, 7]), r"within the \[6, 6, 6\] tokens .*: \[1, 2, 7\]"),
    ],
)
def test_bad_prefixes_are_refused(lengths, message):
    """The error names the argument, its value and what was expected."""
    with pytest.raises(ValueError, match=message):
        sharp_network(3, 6)(TEXTS, lengths)


def test_a_prefix_read_in_two_parts_is_refused():
    """With a cache the first part would not see the second: an error."""
    with pytest.raises(ValueError, match=r"within the \[2, 2, 2\] tokens"):
        sharp_network(3, 6)(TEXTS[:, :2], LENGTHS, cache=Cache())


def test_rows_beside_the_prefixes_are_refused():
    """Three texts for two prefixes: an error, no silent broadcast."""
    after = After(sharp_network(3, 6), torch.tensor([1, 2]))
    with pytest.raises(ValueError, match=r"multiple of 2 rows.*: 3"):
        after(TEXTS)


@pytest.mark.parametrize(
    ("prefix", "shape"),
    [(torch.tensor(1), r"\(\)"), (LENGTHS[:0], r"\(0,\)"), (LENGTHS[:, None], "3, 1")],
)
def test_prefixes_that_are_no_row_are_refused(prefix, shape):
    """A scalar, empty, or a column: an error before decoding."""
    with pytest.raises(ValueError, match=rf"prefix must be of shape \(B\).*{shape}"):
        After(sharp_network(3, 6), prefix)


@pytest.mark.parametrize("tokens", [TEXTS[0], TEXTS[None], torch.tensor(3)])
def test_tokens_that_are_no_batch_are_refused(tokens):
    """The tokens are named before their rows are compared with the prefixes."""
    with pytest.raises(ValueError, match=r"tokens must be of shape \(B, T\)"):
        sharp_network(3, 6)(tokens, LENGTHS)
