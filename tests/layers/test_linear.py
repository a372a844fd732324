"""oneDNN's product: taken where it pays, and equal to torch's own."""

import pytest
import torch
from torch.nn import functional as F

from paradigms.layers import Linear
from paradigms.layers.linear import LARGE, OneDNN

SHAPES = [(1,), (3,), (1, 1), (2, 5), (2, 3, 4)]


@pytest.fixture(autouse=True)
def two_threads():
    """Shares are made for threads: with a single one, nothing would be shared."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def large(inputs: int = 512, outputs: int = 515, bias: bool = True) -> Linear:
    """A layer that is large enough for the detour."""
    torch.manual_seed(0)
    layer = Linear(inputs, outputs, bias=bias)
    assert layer.weight.numel() >= LARGE
    return layer


def close(found: torch.Tensor, wanted: torch.Tensor) -> bool:
    """Equal but for rounding."""
    return bool((found - wanted).abs().max() <= 1e-5 * wanted.abs().max())


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
def test_values_and_gradients_are_those_of_torch(shape, bias):
    """With and without bias, for few rows and many."""
    layer = large(bias=bias)
    x = torch.randn(*shape, 512, requires_grad=True)
    known = [x, *layer.parameters()]
    found, wanted = layer(x), F.linear(x, layer.weight, layer.bias)
    assert found.grad_fn.name() == "OneDNNBackward", "the detour was not taken"
    assert found.shape == wanted.shape
    assert close(found, wanted)
    slope = torch.randn_like(wanted)
    slopes = torch.autograd.grad(found, known, slope)
    for mine, theirs in zip(
        slopes, torch.autograd.grad(wanted, known, slope), strict=True
    ):
        assert mine.shape == theirs.shape
        assert close(mine, theirs)
    with torch.inference_mode():
        assert close(layer(x), wanted.detach())


def test_a_wrong_gradient_would_be_seen(monkeypatch):
    """The guard itself: one gradient a thousandth too large."""
    right = OneDNN.backward
    wrong = staticmethod(lambda ctx, slope: (*right(ctx, 1.001 * slope)[:2], None))
    monkeypatch.setattr(OneDNN, "backward", wrong)
    with pytest.raises(AssertionError):
        test_values_and_gradients_are_those_of_torch((2, 5), False)


def test_what_is_frozen_gets_no_gradient():
    """The input still gets its own."""
    layer = large().requires_grad_(False)
    x = torch.randn(2, 512, requires_grad=True)
    layer(x).sum().backward()
    assert x.grad is not None
    assert layer.weight.grad is None


@pytest.mark.parametrize("kind", ["small", "double", "meta", "empty"])
def test_elsewhere_torch_multiplies_as_ever(kind):
    """Small, double, meta and empty input take no detour."""
    layer = Linear(4, 3) if kind == "small" else large()
    x = torch.randn(0 if kind == "empty" else 2, layer.in_features)
    if kind == "double":
        layer, x = layer.double(), x.double()
    if kind == "meta":
        layer, x = layer.to("meta"), x.to("meta")
    found = layer(x)
    assert found.shape == (len(x), layer.out_features)
    assert found.grad_fn.name() != "OneDNNBackward"
