"""Relative and rotary positions, compared with the references."""

import pytest
import torch
from transformers import T5Config
from transformers.models.t5.modeling_t5 import T5Attention

from paradigms.layers import (
    RelativeBias,
    Rotary,
    rotate,
)

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


def test_the_default_buckets_are_those_of_t5():
    """As in the configuration of the reference."""
    config = T5Config()
    bias = RelativeBias(1, bidirectional=True)
    assert bias.weight.num_embeddings == config.relative_attention_num_buckets
    assert bias.distance == config.relative_attention_max_distance


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
