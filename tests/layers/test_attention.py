"""Attention: heads, masks of the wrong kind, and the memory of cross attention."""

import pytest
import torch

from paradigms.layers import (
    MultiHeadAttention,
    attend,
    dense_mask,
)
from paradigms.masks import bidirectional


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


def test_attention_mixes_the_memory_when_one_is_given():
    """Cross-attention: the output has the shape of x and depends on the memory."""
    torch.manual_seed(0)
    layer = MultiHeadAttention(16, 4)
    x, memory = torch.randn(2, 3, 16), torch.randn(2, 5, 16)
    visible = dense_mask(bidirectional, 3, 5)
    output = layer(x, visible, memory)
    assert output.shape == (2, 3, 16)
    assert not torch.allclose(output, layer(x, visible, memory + 1))


@pytest.mark.parametrize("which", [0, 1, 2])
@pytest.mark.parametrize("keys", [1, 2, 7, 17])
def test_nan_in_a_score_or_a_value_reaches_the_output(which, keys):
    """A kernel gives zeros where every score of a query is NaN."""
    tensors = [torch.randn(1, 2, n, 8) for n in (1, keys, keys)]
    assert attend(*tensors).isfinite().all()
    tensors[which][..., -1, 0] = torch.nan
    assert attend(*tensors).isnan().any()
