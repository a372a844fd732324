"""A linear map by the product that is the fastest on a processor.

Torch multiplies float32 with MKL, and one token's vector with a single thread, which
cannot keep the memory busy.  oneDNN, which comes with torch, is often faster, and for
few rows a share of the outputs for each thread is.  The numbers are the same up to
rounding; `make bench` measures what that brings.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LARGE = 2**18  # weights; below them a detour costs more than it saves
FEW = 4  # rows; so few wait for the weights to come from memory


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
    """Whether x is float32 on a processor, in a torch that has oneDNN."""
    here = x.dtype == torch.float32 and x.device.type == "cpu"
    return here and torch.backends.mkldnn.is_available()


def product(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """OneDNN's product, which torch itself calls in compiled networks."""
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
    """For few rows: each thread reads its share of the weights, once."""
    parts, (outputs, inputs) = torch.get_num_threads(), weight.shape
    even = outputs - outputs % parts
    columns = x.reshape(-1, inputs).T  # (I, R)
    shares = weight[:even].view(parts, -1, inputs)  # (P, O / P, I)
    y = x.new_empty(outputs, columns.shape[1])  # (O, R): written in place, not joined
    whole = y[:even].view(parts, -1, columns.shape[1])
    torch.bmm(shares, columns.expand(parts, -1, -1), out=whole)
    if even < outputs:
        torch.mm(weight[even:], columns, out=y[even:])
    y = y.T.reshape(*x.shape[:-1], outputs)
    return y if bias is None else y + bias
