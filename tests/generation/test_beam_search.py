"""Beam search: a wide beam finds the best text, a narrow one can miss it."""

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
    """A GPT with a vocabulary small enough to enumerate all texts."""
    torch.manual_seed(seed)
    shape = {"vocabulary": words, "width": 16, "layers": 1, "heads": 2}
    return sharp(gpt.GPT(gpt.GPTConfig(**shape, positions=8))).double()


@torch.no_grad()
def ratings(
    network: Callable, prompt: Tensor, steps: int, eos: int | None, penalty: float
) -> dict[tuple[int, ...], float]:
    """The score of every continuation of a prompt, each from its own forward pass."""
    scores = {}
    vocabulary = network(prompt).shape[-1]
    for words in product(range(vocabulary), repeat=steps):
        text = words[: words.index(eos) + 1] if eos in words else words
        if text in scores:
            continue
        tokens = torch.cat([prompt, torch.tensor([text])], dim=1)
        log_p = network(tokens)[0, prompt.shape[1] - 1 : -1].log_softmax(dim=-1)
        total = float(log_p[range(len(text)), list(text)].sum())
        scores[text] = total / len(text) ** penalty
    return scores


@pytest.mark.parametrize("penalty", [0.0, 0.7, 1.0, 2.0])
@pytest.mark.parametrize("eos", [None, 1])
def test_a_wide_beam_finds_the_best_text(eos, penalty):
    """With as many beams as texts the result is the best of all, by brute force."""
    steps, words = 4, 3
    for seed in range(3):
        network = tiny(words, seed)
        prompts = torch.tensor([[0, 2], [2, 2]])
        texts = beam_search(
            network, prompts, steps, words**steps, eos, pad=0, length_penalty=penalty
        )
        for row, prompt in zip(texts[:, 2:].tolist(), prompts, strict=True):
            scores = ratings(network, prompt[None], steps, eos, penalty)
            best = max(scores, key=scores.get)
            assert row == [*best, *[0] * (len(row) - len(best))]


def test_no_steps_return_the_prompt():
    """As greedy decoding does."""
    prompt = torch.tensor([[0, 2]])
    assert beam_search(tiny(3), prompt, 0, beams=2) is prompt


def test_a_narrow_beam_can_miss_the_best_text():
    """Negative control: one beam does not always find what 81 find."""
    misses = 0
    for seed in range(20):
        network, prompt = tiny(3, seed), torch.tensor([[0]])
        wide, narrow = (beam_search(network, prompt, 4, beams) for beams in (81, 1))
        misses += not torch.equal(wide, narrow)
    assert misses > 0


@every
@pytest.mark.parametrize("penalty", [0.0, 1.0, 3.0])
def test_one_beam_is_greedy(name, penalty):
    """Without EOS all texts are equally long, so the length penalty has no effect."""
    network, tokens = built(name, 3), torch.randint(WORDS, (3, 3))
    texts = beam_search(network, tokens, 7, beams=1, length_penalty=penalty)
    assert torch.equal(texts, greedy(network, tokens, 7))


def test_a_beam_whose_cache_is_not_selected_is_noticed(monkeypatch):
    """Negative control: with the keys of other beams the result differs."""
    networks, prompt = [tiny(3, seed) for seed in range(20)], torch.tensor([[0, 2]])
    right = [beam_search(network, prompt, 6, 3) for network in networks]

    def only_once(cache: Cache, rows: Tensor) -> None:  # when rows become beams
        for layer, stored in cache.stored.items():
            if stored.shape[1] != len(rows):
                cache.stored[layer] = stored.index_select(1, rows)

    monkeypatch.setattr(Cache, "select", only_once)
    wrong = [beam_search(network, prompt, 6, 3) for network in networks]
    assert any(not torch.equal(*pair) for pair in zip(right, wrong, strict=True))
