"""GPT as a distribution over texts, and tokens that it refuses."""

from itertools import product

import pytest
import torch

from paradigms.data.special_tokens import SpecialTokens
from paradigms.evaluation.receptive_field import sequence_log_prob
from paradigms.masks import bidirectional, causal
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.objectives import next_token

FIRST = SpecialTokens().first_word


def all_texts(words: int, length: int) -> torch.Tensor:
    """Every `length`-word text over a vocabulary of `words`: (words^length, length)."""
    return torch.tensor(list(product(range(FIRST, FIRST + words), repeat=length)))


def sharp_network(words: int, length: int) -> GPT:
    """A random network whose predictions are far from uniform."""
    torch.manual_seed(0)
    network = GPT(
        GPTConfig(
            vocabulary=FIRST + words, width=32, heads=4, layers=2, positions=length
        )
    ).double()
    for weight in network.parameters():
        weight.data *= 8
    return network


def causal_total(rule) -> float:
    """The sum over all texts of the product of next-word probabilities under `rule`."""
    texts = all_texts(3, 4)
    inputs, targets = next_token(texts)
    logits = sharp_network(3, 4)(inputs, rule)[..., FIRST:]
    return float(sequence_log_prob(logits, targets - FIRST).exp().sum().detach())


def test_a_causal_network_is_a_distribution_over_texts():
    """Over all 81 four-word texts the probabilities of a causal network sum to 1."""
    assert causal_total(causal) == pytest.approx(1, abs=1e-10)


def test_the_sum_notices_a_mask_that_leaks():
    """Negative control: with the future visible the sum is not 1."""
    assert abs(causal_total(bidirectional) - 1) > 0.01


def test_masked_conditionals_do_not_multiply_to_a_distribution():
    """Each word masked in turn: the products of the conditionals do not sum to 1."""
    texts = all_texts(3, 4)
    masked = texts[:, None].repeat(1, 4, 1)  # (81, 4, 4)
    masked[:, range(4), range(4)] = SpecialTokens().mask
    logits = sharp_network(3, 4)(masked.flatten(0, 1), bidirectional)
    scores = logits.unflatten(0, (81, 4))[:, range(4), range(4), FIRST:]  # (81, 4, 3)
    total = float(sequence_log_prob(scores, texts - FIRST).exp().sum().detach())
    assert abs(total - 1) > 0.01


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        (torch.tensor([[4, 99]]), "tokens must lie in 0..9: got 4 to 99"),
        (torch.tensor([[-1, 4]]), "tokens must lie in 0..9: got -1 to 4"),
        (torch.full((1, 7), 4), "tokens are 7 long; the network has 6 positions"),
        (torch.empty(0, 3, dtype=torch.long), r"not empty: \(0, 3\)"),
        (torch.tensor([4, 5]), r"shape \(B, T\)"),
    ],
)
def test_tokens_that_the_network_cannot_read_are_refused(tokens, message):
    """Each message names the argument, its value and what was expected."""
    with pytest.raises(ValueError, match=message):
        GPT(GPTConfig(vocabulary=10, width=8, heads=2, layers=1, positions=6))(
            tokens, causal
        )
