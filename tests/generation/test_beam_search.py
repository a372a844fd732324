"""Beams: a wide one finds the best text, a narrow one can miss it."""

from collections.abc import Callable
from itertools import product

import pytest
import torch
from torch import Tensor

from paradigms.generation.beam_search import beam_search
from paradigms.generation.decoding import greedy
from paradigms.layers import Cache
from paradigms.models import gpt
from tests.generation.test_decoding import WORDS, built, every, sharp

pytestmark = pytest.mark.usefixtures("one_thread")


def tiny(words: int, seed: int = 0) -> torch.nn.Module:
    """A GPT over a vocabulary small enough to try out every text."""
    torch.manual_seed(seed)
    shape = {"vocabulary": words, "width": 16, "layers": 1, "heads": 2}
    return sharp(gpt.GPT(gpt.GPTConfig(**shape, positions=8))).double()


@torch.no_grad()
def ratings(
    network: Callable, prompt: Tensor, steps: int, eos: int | None, penalty: float
) -> dict[tuple[int, ...], float]:
    """Every continuation of one prompt, with its score, each from a pass of its own."""
    found = {}
    words = network(prompt).shape[-1]
    for text in product(range(words), repeat=steps):
        if eos in text:
            text = text[: text.index(eos) + 1]
        if text in found:
            continue
        whole = torch.cat([prompt, torch.tensor([text])], dim=1)
        log_p = network(whole)[0, prompt.shape[1] - 1 : -1].log_softmax(dim=-1)
        total = float(log_p[range(len(text)), list(text)].sum())
        found[text] = total / len(text) ** penalty
    return found


@pytest.mark.parametrize("penalty", [0.0, 0.7, 1.0, 2.0])
@pytest.mark.parametrize("eos", [None, 1])
def test_a_wide_beam_finds_the_best_text(eos, penalty):
    """With as many beams as texts, the result is the best of all, tried one by one."""
    steps, words = 4, 3
    for seed in range(3):
        network = tiny(words, seed)
        prompts = torch.tensor([[0, 2], [2, 2]])
        found = beam_search(
            network, prompts, steps, words**steps, eos, pad=0, length_penalty=penalty
        )
        for row, prompt in zip(found[:, 2:].tolist(), prompts, strict=True):
            rated = ratings(network, prompt[None], steps, eos, penalty)
            best = max(rated, key=rated.get)
            assert row == [*best, *[0] * (len(row) - len(best))]


def test_a_narrow_beam_can_miss_the_best_text():
    """The guard itself: one beam does not always find what many find."""
    missed = 0
    for seed in range(20):
        network, prompt = tiny(3, seed), torch.tensor([[0]])
        wide, narrow = (beam_search(network, prompt, 4, beams) for beams in (81, 1))
        missed += not torch.equal(wide, narrow)
    assert missed > 0


@every
@pytest.mark.parametrize("penalty", [0.0, 1.0, 3.0])
def test_one_beam_is_greedy(name, penalty):
    """Without an end symbol all texts are equally long: the penalty changes nothing."""
    network, tokens = built(name, 3), torch.randint(WORDS, (3, 3))
    found = beam_search(network, tokens, 7, beams=1, length_penalty=penalty)
    assert torch.equal(found, greedy(network, tokens, 7))


def test_a_beam_whose_cache_is_not_selected_is_noticed(monkeypatch):
    """The guard itself: with the keys of other beams the best text is missed."""
    networks, prompt = [tiny(3, seed) for seed in range(20)], torch.tensor([[0, 2]])
    right = [beam_search(network, prompt, 6, 3) for network in networks]

    def only_once(cache: Cache, rows: Tensor) -> None:  # to as many rows as beams
        for layer, stored in cache.stored.items():
            if stored.shape[1] != len(rows):
                cache.stored[layer] = stored.index_select(1, rows)

    monkeypatch.setattr(Cache, "select", only_once)
    wrong = [beam_search(network, prompt, 6, 3) for network in networks]
    assert any(not torch.equal(*both) for both in zip(right, wrong, strict=True))
