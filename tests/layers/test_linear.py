"""The oneDNN matrix product: used where it is faster, and equal to torch's own."""

import pytest
import torch
from torch.nn import functional as F

from paradigms.layers import Linear
from paradigms.layers.linear import LARGE, OneDNN

SHAPES = [(1,), (3,), (1, 1), (2, 5), (2, 3, 4)]


@pytest.fixture(autouse=True)
def two_threads():
    """Work is split among threads: with a single one it would not be split."""
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(threads)


def large(inputs: int = 512, outputs: int = 515, bias: bool = True) -> Linear:
    """A layer that is large enough for oneDNN."""
    torch.manual_seed(0)
    layer = Linear(inputs, outputs, bias=bias)
    assert layer.weight.numel() >= LARGE
    return layer


def close(found: torch.Tensor, wanted: torch.Tensor) -> bool:
    """Equal up to rounding."""
    return bool((found - wanted).abs().max() <= 1e-5 * wanted.abs().max())


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
def test_values_and_gradients_are_those_of_torch(shape, bias):
    """With and without bias, for batch shapes of one to three axes."""
    layer = large(bias=bias)
    x = torch.randn(*shape, 512, requires_grad=True)
    leaves = [x, *layer.parameters()]
    output, expected = layer(x), F.linear(x, layer.weight, layer.bias)
    assert output.grad_fn.name() == "OneDNNBackward", "the detour was not taken"
    assert output.shape == expected.shape
    assert close(output, expected)
    grad_output = torch.randn_like(expected)
    gradients = torch.autograd.grad(output, leaves, grad_output)
    for gradient, reference in zip(
        gradients, torch.autograd.grad(expected, leaves, grad_output), strict=True
    ):
        assert gradient.shape == reference.shape
        assert close(gradient, reference)
    with torch.inference_mode():
        assert close(layer(x), expected.detach())


def test_a_wrong_gradient_would_be_seen(monkeypatch):
    """Negative control: gradients 0.1% too large fail the comparison."""
    backward = OneDNN.backward
    wrong = staticmethod(lambda ctx, grad: (*backward(ctx, 1.001 * grad)[:2], None))
    monkeypatch.setattr(OneDNN, "backward", wrong)
    with pytest.raises(AssertionError):
        test_values_and_gradients_are_those_of_torch((2, 5), False)


def test_what_is_frozen_gets_no_gradient():
    """Frozen weights have no gradient; the input still has one."""
    layer = large().requires_grad_(False)
    x = torch.randn(2, 512, requires_grad=True)
    layer(x).sum().backward()
    assert x.grad is not None
    assert layer.weight.grad is None


@pytest.mark.parametrize("kind", ["small", "double", "meta", "empty"])
def test_elsewhere_torch_multiplies_as_ever(kind):
    """Small layers, double precision, meta and empty tensors do not use oneDNN."""
    layer = Linear(4, 3) if kind == "small" else large()
    x = torch.randn(0 if kind == "empty" else 2, layer.in_features)
    if kind == "double":
        layer, x = layer.double(), x.double()
    if kind == "meta":
        layer, x = layer.to("meta"), x.to("meta")
    output = layer(x)
    assert output.shape == (len(x), layer.out_features)
    assert output.grad_fn.name() != "OneDNNBackward"
