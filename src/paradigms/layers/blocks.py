"""Feed-forward layers, norms, transformer blocks and stacks of blocks.

There is no dropout: it acts in training only.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from paradigms._checks import check_positive
from paradigms.layers.attention import Cache, MultiHeadAttention

gelu_tanh = partial(F.gelu, approximate="tanh")  # GPT-2, ALBERT; the default is exact


class FeedForward(nn.Module):
    """Two linear layers with an activation between them, at each position.

    `gated`: a third layer multiplies the activation (SwiGLU in LLaMA, GEGLU in T5 1.1).
    Shapes: (..., W) -> (..., W).  Source: Vaswani et al. (2017), 3.3; Shazeer (2020).
    """

    def __init__(
        self,
        width: int,
        hidden: int,
        activation: Callable[[Tensor], Tensor] = F.gelu,
        gated: bool = False,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.activation, self.gated = activation, gated
        self.input = nn.Linear(width, 2 * hidden if gated else hidden, bias=bias)
        self.output = nn.Linear(hidden, width, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        if not self.gated:
            hidden = self.activation(self.input(x))
        else:
            gate, up = self.input(x).chunk(2, dim=-1)
            hidden = self.activation(gate) * up
        output: Tensor = self.output(hidden)
        return output


class RMSNorm(nn.Module):
    """Division by the root mean square: a layer norm without centring and bias.

    Shapes: (..., W) -> (..., W).  Errors: ValueError for an eps that is not positive.
    Source: Zhang & Sennrich (2019); LLaMA and T5.
    """

    def __init__(self, width: int, eps: float = 1e-6) -> None:
        super().__init__()
        check_positive(eps, "eps")
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        # In half precision a square above 65,504 would be infinite, and its root zero.
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        mean_square = wide.square().mean(dim=-1, keepdim=True)  # (..., 1)
        return (wide * torch.rsqrt(mean_square + self.eps)).to(x.dtype) * self.weight


class Block(nn.Module):
    """Attention, then a feed-forward layer, each with a residual connection.

    `hidden`: width between the two feed-forward layers, by default 4 W.
    `norm`: makes a norm for a width; LayerNorm, or RMSNorm (LLaMA, T5).
    `norm_first`: pre-norm (GPT-2, LLaMA, T5), otherwise post-norm (BERT, BART).
    `activation`, `gated`: of the feed-forward layer, see there.
    `bias`: whether the linear layers have one (not in LLaMA and T5).
    `cross`: adds cross attention over a memory in between (decoders of T5 and BART).
    `kv_heads`: heads of keys and values, by default H (fewer in Llama 2 70B, Llama 3).
    `head_width`: by default W / H (another in large T5).
    `scale`: of the attention scores, by default 1 / sqrt(D) (1 in T5).
    Shapes: x (B, T, W), visible (T, S) or (B, T, S), memory (B, M, W) -> (B, T, W).
    Source: Vaswani et al. (2017), section 3.1; norm first: Radford et al. (2019).
    """

    def __init__(
        self,
        width: int,
        heads: int,
        hidden: int | None = None,
        norm: Callable[[int], nn.Module] = nn.LayerNorm,
        norm_first: bool = True,
        activation: Callable[[Tensor], Tensor] = F.gelu,
        gated: bool = False,
        bias: bool = True,
        cross: bool = False,
        kv_heads: int | None = None,
        head_width: int | None = None,
        scale: float | None = None,
    ) -> None:
        super().__init__()
        attention = partial(
            MultiHeadAttention, width, heads, kv_heads, head_width, bias, scale
        )
        self.norm_first = norm_first
        self.attention_norm = norm(width)
        self.attention = attention()
        if cross:
            self.cross_norm = norm(width)
            self.cross = attention()
        self.feed_forward_norm = norm(width)
        hidden = 4 * width if hidden is None else hidden
        self.feed_forward = FeedForward(width, hidden, activation, gated, bias)

    def forward(
        self,
        x: Tensor,
        visible: Tensor | None = None,
        memory: Tensor | None = None,
        memory_visible: Tensor | None = None,
        rotation: tuple[Tensor, Tensor] | None = None,
        bias: Tensor | None = None,
        cache: Cache | None = None,
    ) -> Tensor:
        attention = partial(
            self.attention, visible=visible, rotation=rotation, bias=bias, cache=cache
        )
        x = self._around(attention, self.attention_norm, x)
        if memory is not None:
            cross = partial(
                self.cross, visible=memory_visible, memory=memory, cache=cache
            )
            x = self._around(cross, self.cross_norm, x)
        return self._around(self.feed_forward, self.feed_forward_norm, x)

    def _around(
        self, part: Callable[[Tensor], Tensor], norm: nn.Module, x: Tensor
    ) -> Tensor:
        return x + part(norm(x)) if self.norm_first else norm(x + part(x))


class Stack(nn.Module):
    """A sequence of blocks, and a norm at the end if the blocks are pre-norm.

    `block` makes one block; `shared` runs a single one `layers` times (ALBERT).
    Shapes: as for `Block`.  Errors: ValueError for a cache and a shared block.
    """

    def __init__(
        self,
        layers: int,
        block: Callable[[], Block],
        norm: nn.Module | None = None,
        shared: bool = False,
    ) -> None:
        super().__init__()
        if layers < 1:
            raise ValueError(f"layers must be at least 1: got {layers}")
        self.times = layers if shared else 1
        self.blocks = nn.ModuleList(block() for _ in range(1 if shared else layers))
        self.norm = nn.Identity() if norm is None else norm

    def forward(
        self,
        x: Tensor,
        cache: Cache | None = None,
        visible: Tensor | None = None,
        memory: Tensor | None = None,
        memory_visible: Tensor | None = None,
        rotation: tuple[Tensor, Tensor] | None = None,
        bias: Tensor | None = None,
    ) -> Tensor:
        if cache is not None and self.times > 1:
            raise ValueError(
                "cache: a shared block would write all layers in one place"
            )
        for _ in range(self.times):
            for block in self.blocks:
                x = block(x, visible, memory, memory_visible, rotation, bias, cache)
        output: Tensor = self.norm(x)
        return output


def initialise(network: nn.Module, spread: float = 0.02) -> None:
    """Normal weights with standard deviation `spread`, zero biases.

    Left out: the truncation of the normal in BERT's code, and GPT-2's division of the
    residual layers' weights by the root of their number.
    Source: Radford et al. (2018), section 4.1.
    """
    for module in network.modules():
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=spread)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
