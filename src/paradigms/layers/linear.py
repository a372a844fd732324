"""A linear layer with the fastest matrix product on a CPU.

PyTorch multiplies float32 with MKL, and a single row with one thread, which cannot
saturate the memory bandwidth.  oneDNN, which comes with PyTorch, is often faster; for
few rows it is faster to split the outputs over the threads.  Results are equal up to
rounding; `make bench` measures the gain.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LARGE = 2**18  # weights; below, the overhead exceeds the gain
FEW = 4  # rows; so few are bound by reading the weights from memory


class Linear(nn.Linear):
    """`nn.Linear` by `linear`.  Shapes: (..., I) -> (..., O)."""

    def forward(self, x: Tensor) -> Tensor:
        return linear(x, self.weight, self.bias)


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """X @ weight.T + bias.  Shapes: (..., I), (O, I), (O,) -> (..., O)."""
    if weight.numel() < LARGE or x.numel() == 0 or not onednn_can(x):
        return F.linear(x, weight, bias)
    if torch.is_grad_enabled():
        return OneDNN.apply(x, weight, bias)
    rows = x.numel() // x.shape[-1]
    return shared(x, weight, bias) if rows <= FEW else product(x, weight, bias)


def onednn_can(x: Tensor) -> bool:
    """Whether x is float32 on a CPU, and PyTorch has oneDNN."""
    supported = x.dtype == torch.float32 and x.device.type == "cpu"
    return supported and torch.backends.mkldnn.is_available()


def product(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """OneDNN's product, which PyTorch itself calls in compiled networks."""
    return torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")


class OneDNN(torch.autograd.Function):
    """`product` with its gradients."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, weight)
        return product(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        rows = slope.flatten(0, -2)
        return (
            product(slope, weight.T) if ctx.needs_input_grad[0] else None,
            rows.T @ x.flatten(0, -2) if ctx.needs_input_grad[1] else None,
            rows.sum(dim=0) if ctx.needs_input_grad[2] else None,
        )


def shared(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """For few rows: splits the outputs over the threads; weights are read once."""
    threads, (outputs, inputs) = torch.get_num_threads(), weight.shape
    divisible = outputs - outputs % threads
    columns = x.reshape(-1, inputs).T  # (I, R)
    blocks = weight[:divisible].view(threads, -1, inputs)  # (P, O / P, I)
    y = x.new_empty(outputs, columns.shape[1])  # (O, R): filled in place
    block_outputs = y[:divisible].view(threads, -1, columns.shape[1])
    torch.bmm(blocks, columns.expand(threads, -1, -1), out=block_outputs)
    if divisible < outputs:
        torch.mm(weight[divisible:], columns, out=y[divisible:])
    y = y.T.reshape(*x.shape[:-1], outputs)
    return y if bias is None else y + bias
