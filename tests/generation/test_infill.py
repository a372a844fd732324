"""Fill in the middle: generation stops at the end of the middle."""

from itertools import product

import pytest
import torch

from paradigms.generation.mask_filling import infill
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.objectives import (
    cross_entropy,
    fill_in_the_middle,
    next_token,
)
from tests.generation.test_mask_filling import GAP, LETTERS, dice

pytestmark = pytest.mark.usefixtures("one_thread")


def counted(start: int, length: int) -> list[int]:
    """A text that counts up cyclically: 7 to 14, then 7 again."""
    return [7 + (start + i) % 8 for i in range(length)]


def trained() -> GPT:
    """A GPT after 200 steps of fill-in-the-middle training."""
    torch.manual_seed(0)
    network, rng = GPT(GPTConfig(15, 14, width=32, layers=2, heads=2)), dice()
    optimiser = torch.optim.Adam(network.parameters(), lr=5e-3)
    for _ in range(200):
        texts = []
        for start in torch.randint(8, (48,), generator=rng).tolist():
            text = fill_in_the_middle(
                counted(start, 6), GAP, rng, rate=1.0, specials=LETTERS
            )
            texts.append(text)  # equal lengths: six words and four special tokens
        inputs, targets = next_token(torch.tensor(texts), LETTERS)
        optimiser.zero_grad()
        cross_entropy(network(inputs), targets).backward()
        optimiser.step()
    return network


def test_a_gpt_fills_the_gap_from_both_sides():
    """Trained on counting, it writes as many words as fit between the two sides.

    Only the suffix tells where the middle must stop.
    """
    network = trained()

    def after_bos(tokens, real=None, cache=None):
        if cache.length:
            return network(tokens, cache=cache)
        start = torch.full_like(tokens[:, :1], LETTERS.bos)
        return network(torch.cat([start, tokens], dim=1), cache=cache)

    correct = total = 0
    for start, first, last in product(range(8), range(1, 4), range(4, 6)):
        text = counted(start, 6)
        result = infill(after_bos, text[:first], text[last:], GAP, 7, LETTERS)
        correct, total = correct + (result == text), total + 1
        top_1 = infill(
            after_bos, text[:first], text[last:], GAP, 7, LETTERS, dice(), top_k=1
        )
        assert top_1 == result
    assert correct / total > 0.9


def test_infill_asks_once_for_each_word():
    """For a network that outputs 9 9 EOS: three calls, and the words fill the gap."""
    answers, calls = [9, 9, LETTERS.eos], []

    def network(tokens, real=None, cache=None):
        scores = torch.zeros(1, tokens.shape[1], 15)
        scores[..., answers[len(calls)]] = 1.0
        calls.append(tokens.shape[1])
        return scores

    assert infill(network, [7, 8], [10], GAP, 5, LETTERS) == [7, 8, 9, 9, 10]
    assert calls == [6, 1, 1]
    calls.clear()
    assert infill(network, [7, 8], [10], GAP, 1, LETTERS) == [7, 8, 9, 10]
