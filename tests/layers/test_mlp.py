"""The multilayer perceptron: linear layers with SiLU between them."""

import pytest
import torch
from torch import nn

from paradigms.layers.mlp import Perceptron


def test_of_two_sizes_it_is_linear():
    """f(2x) - f(0) = 2 (f(x) - f(0)); with a hidden layer it is not."""
    torch.manual_seed(0)
    x, zero = torch.randn(5, 3), torch.zeros(5, 3)
    for sizes, linear in (((3, 4), True), ((3, 8, 4), False)):
        f = Perceptron(*sizes)
        doubled = torch.allclose(f(2 * x) - f(zero), 2 * (f(x) - f(zero)), atol=1e-5)
        assert doubled is linear


def test_it_ends_without_an_activation():
    """The last layer is linear, so outputs are unbounded."""
    assert isinstance(Perceptron(3, 8, 4).layers[-1], nn.Linear)
    assert len(Perceptron(3, 8, 8, 4).layers) == 5


@pytest.mark.parametrize("sizes", [(), (3,), (3, 0)])
def test_missing_sizes_are_refused(sizes):
    """Fewer than two sizes are no layer, and a width of 0 has no output."""
    with pytest.raises(ValueError, match="sizes must be two or more positive numbers"):
        Perceptron(*sizes)
