"""The network: its distribution over texts, relative positions, and bad input."""

from itertools import product

import pytest
import torch
from transformers.models.t5.modeling_t5 import T5Attention

from paradigms.data.special_tokens import SpecialTokens
from paradigms.evaluation.receptive_field import sequence_log_prob
from paradigms.layers import (
    MultiHeadAttention,
    RelativeBias,
    Rotary,
    attend,
    dense_mask,
    rotate,
)
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


def test_heads_must_divide_the_width():
    """A number of heads that does not divide the width, or zero, is refused."""
    for heads in (3, 0):
        with pytest.raises(
            ValueError, match=f"heads must divide width 16: got {heads}"
        ):
            MultiHeadAttention(16, heads)


@pytest.mark.parametrize(
    ("visible", "message"),
    [
        (torch.ones(4, 5, dtype=torch.bool), r"got torch.bool of shape \(4, 5\)"),
        (torch.ones(1, 4, dtype=torch.bool), r"got torch.bool of shape \(1, 4\)"),
        (torch.ones(4, 4), r"must be boolean .* got torch.float32"),
    ],
)
def test_a_mask_of_the_wrong_kind_is_refused(visible, message):
    """No silent broadcast, and no float mask in place of a boolean one."""
    query, key, value = torch.randn(3, 4, 8)
    with pytest.raises(ValueError, match=message):
        attend(query, key, value, visible)


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


def test_attention_mixes_the_memory_when_one_is_given():
    """Cross-attention: the output has the shape of x and depends on the memory."""
    torch.manual_seed(0)
    layer = MultiHeadAttention(16, 4)
    x, memory = torch.randn(2, 3, 16), torch.randn(2, 5, 16)
    visible = dense_mask(bidirectional, 3, 5)
    output = layer(x, visible, memory)
    assert output.shape == (2, 3, 16)
    assert not torch.allclose(output, layer(x, visible, memory + 1))


DISTANCES = torch.arange(-600, 601)
BIASES = [
    (buckets, distance, both)
    for buckets, distance in [
        (32, 128),
        (32, 512),
        (16, 64),
        (8, 20),
        (10, 33),
        (64, 256),
    ]
    for both in (True, False)
]


def other_buckets(buckets: int, distance: int, both: bool, of: torch.Tensor) -> int:
    """How many of the distances have another bucket than in the reference."""
    ours = RelativeBias(1, both, buckets, distance).bucket(of)
    theirs = T5Attention._relative_position_bucket(of, both, buckets, distance)
    return int((ours != theirs).sum())


@pytest.mark.parametrize(("buckets", "distance", "both"), BIASES)
def test_buckets_of_distances_equal_those_of_the_reference(buckets, distance, both):
    """From -600 to 600, bidirectional and causal; all far distances share the last."""
    assert other_buckets(buckets, distance, both, DISTANCES) == 0
    bias = RelativeBias(2, both, buckets, distance)
    far = bias(torch.arange(550, 601), torch.arange(9))[0]  # (51, 9)
    last = buckets // 2 - 1 if both else buckets - 1
    assert bool((far == bias.weight.weight[last, 0]).all())


def test_buckets_that_begin_anew_would_be_noticed(monkeypatch):
    """Negative control: buckets that wrap around fail, but only beyond `distance`."""
    clamp = torch.Tensor.clamp

    def modulo(x: torch.Tensor, min: int | None = None, max: int | None = None):
        return clamp(x, min=min) if max is None else x.remainder(max + 1)

    monkeypatch.setattr(torch.Tensor, "clamp", modulo)
    for buckets, distance, both in BIASES:
        near = DISTANCES[DISTANCES.abs() < distance]
        assert other_buckets(buckets, distance, both, near) == 0
        assert other_buckets(buckets, distance, both, DISTANCES) > 0


def test_pairs_of_neighbours_turn_alike_once_they_are_reordered():
    """LLaMA's code rotates adjacent columns: equal scores once columns are permuted."""
    query, key = torch.randn(2, 1, 1, 5, 8, dtype=torch.float64)
    positions, permutation = torch.arange(5), [0, 2, 4, 6, 1, 3, 5, 7]
    angle = torch.outer(positions.double(), 10_000.0 ** -(torch.arange(4) / 4).double())
    phases = torch.polar(torch.ones_like(angle), angle)  # (T, D / 2)

    def rotate_pairs(x: torch.Tensor) -> torch.Tensor:
        rotated = torch.view_as_complex(x.unflatten(-1, (4, 2))) * phases
        return torch.view_as_real(rotated).flatten(-2)

    expected = rotate_pairs(query) @ rotate_pairs(key).mT  # (1, 1, T, T)
    rotation = Rotary(8)(positions, like=query)
    ours = [rotate(x[..., permutation], rotation) for x in (query, key)]
    assert torch.allclose(ours[0] @ ours[1].mT, expected, atol=1e-5)
    plain = [rotate(x, rotation) for x in (query, key)]
    assert not torch.allclose(plain[0] @ plain[1].mT, expected, atol=1e-1)
