"""The prefix LM: reads its prefix from both sides and is a distribution of the rest."""

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
    rests = list(product(range(FIRST, FIRST + 3), repeat=length - len(given)))
    texts = torch.tensor([[*given, *rest] for rest in rests])
    inputs, targets = prefix(texts, torch.full((len(texts),), len(given)))
    kept = (targets != IGNORE)[0]
    logits = network(inputs, torch.full((len(texts),), seen))[:, kept, FIRST:]
    return float(
        sequence_log_prob(logits, targets[:, kept] - FIRST).exp().sum().detach()
    )


@pytest.mark.parametrize("given", [[], [4], [4, 6], [5, 5, 6], [4, 6, 5, 4]], ids=str)
def test_the_rest_of_every_prefix_is_a_distribution(given):
    """Over all continuations of a given prefix the probabilities sum to 1."""
    network = sharp_network(3, 5)
    assert total(network, given, seen=len(given) + 1) == pytest.approx(1, abs=1e-10)


def test_a_prefix_that_reaches_into_the_rest_is_noticed():
    """The guard itself: two words too many seen from both sides, and it is not 1."""
    assert abs(total(sharp_network(3, 5), [4], seen=4) - 1) > 0.01


@pytest.mark.parametrize("length", range(7))
def test_the_prefix_is_seen_from_both_sides(length):
    """Measured by gradients: the prefix sees itself whole, the rest what is before."""
    network, text = sharp_network(3, 6), torch.tensor([[4, 5, 6, 6, 5, 4]])
    options = {"prefix": torch.tensor([length])}
    found = sees(network, text, network.network.word, **options)
    assert found.tolist() == grid(prefix_lm(length), 6)


TEXTS = torch.tensor([[4, 5, 6, 4, 4, 6], [6, 6, 5, 4, 5, 5], [5, 4, 4, 6, 6, 6]])
LENGTHS = torch.tensor([1, 4, 3])


def test_each_row_has_a_prefix_of_its_own():
    """Three lengths in one batch: each row has the logits that it has alone."""
    network = sharp_network(3, 6)
    found = network(TEXTS, LENGTHS)
    for row, length, logits in zip(TEXTS, LENGTHS, found, strict=True):
        assert torch.allclose(network(row[None], length[None])[0], logits)


@torch.no_grad()
def in_pieces(network: PrefixLM, tokens: Tensor, first: int, real: Tensor) -> Tensor:
    """Logits of the text, the first tokens read at once and then one by one."""
    cache, start, parts = Cache(), 0, []
    for stop in range(first, tokens.shape[1] + 1):
        seen = real[:, :stop]
        parts.append(network(tokens[:, start:stop], LENGTHS, seen, cache))
        start = stop
    return torch.cat(parts, dim=1)


@pytest.mark.parametrize("padded", [False, True])
def test_cached_equals_uncached(padded):
    """The prefix at once, then word by word: equal logits, with padding or without."""
    network, real = sharp_network(3, 6), torch.ones_like(TEXTS, dtype=torch.bool)
    if padded:
        real[0, :3] = real[2, :1] = False
    whole = network(TEXTS, LENGTHS, real).detach()
    for first in (4, 5, 6):
        found = in_pieces(network, TEXTS, first, real)
        assert float((found - whole)[real].abs().max()) < 1e-10


def test_greedy_and_beams_write_after_a_prefix():
    """Prefixes of three lengths, padded on the left: as without cache, and as alone."""
    network, prompt = sharp_network(3, 9), torch.tensor([[0, 0, 5], [4, 6, 6]])
    real, lengths = prompt > 0, torch.tensor([1, 3])
    after = After(network, lengths)
    wanted = greedy(after, prompt, 5, real=real, cached=False)
    assert torch.equal(greedy(after, prompt, 5, real=real), wanted)
    assert torch.equal(beam_search(after, prompt, 5, beams=1, real=real), wanted)
    several = beam_search(after, prompt, 5, beams=3, real=real)
    alone = beam_search(After(network, lengths[1:]), prompt[1:], 5, beams=3)
    assert torch.equal(several[1:], alone)


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
    """One line that names the argument, its value and what was expected."""
    with pytest.raises(ValueError, match=message):
        sharp_network(3, 6)(TEXTS, lengths)


def test_a_prefix_read_in_two_parts_is_refused():
    """With a cache the first part would not see the second: an error, no wrong text."""
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
    """One number, none, or a column: an error before anything is written."""
    with pytest.raises(ValueError, match=rf"prefix must be of shape \(B\).*{shape}"):
        After(sharp_network(3, 6), prefix)


@pytest.mark.parametrize("tokens", [TEXTS[0], TEXTS[None], torch.tensor(3)])
def test_tokens_that_are_no_batch_are_refused(tokens):
    """The tokens are named before their rows are compared with the prefixes."""
    with pytest.raises(ValueError, match=r"tokens must be of shape \(B, T\)"):
        sharp_network(3, 6)(tokens, LENGTHS)
