"""LLaMA: GPT with other norms, activations and positions, for the same distribution.

Differences from GPT-2: RMSNorm for LayerNorm, SwiGLU for GELU, rotary embeddings for
learned positions; the paper names these three against the transformer of 2017 (Touvron
et al. 2023, section 2.2).  The reference has no biases either.  The largest Llama 2
(2023) and all sizes of Llama 3 (Grattafiori et al. 2024, section 3.2) use grouped-query
attention (Ainslie et al. 2023): a smaller cache.
"""

from dataclasses import dataclass
from functools import partial

from torch import Tensor, nn
from torch.nn import functional as F

from paradigms._checks import check_sizes, check_tokens, finite
from paradigms.layers import (
    Block,
    Cache,
    RMSNorm,
    Rotary,
    Stack,
    attention_view,
    initialise,
)
from paradigms.masks import Rule, causal


@dataclass(frozen=True)
class LLaMAConfig:
    """The shape of the network; the defaults are LLaMA-1 with 7 billion parameters.

    `positions` is the training length; there is no position table.
    Errors: ValueError for a size that is not an integer of at least 1.
    """

    vocabulary: int = 32000
    positions: int = 2048
    width: int = 4096
    layers: int = 32
    heads: int = 32
    kv_heads: int = 32
    hidden: int = 11008
    theta: float = 10_000.0
    eps: float = 1e-6
    tied: bool = False

    def __post_init__(self) -> None:
        check_sizes(self)


SIZES = {
    "LLaMA 7B": LLaMAConfig(),
    "LLaMA 13B": LLaMAConfig(
        width=5120, layers=40, heads=40, kv_heads=40, hidden=13824
    ),
    "LLaMA 33B": LLaMAConfig(
        width=6656, layers=60, heads=52, kv_heads=52, hidden=17920
    ),
    "LLaMA 65B": LLaMAConfig(
        width=8192, layers=80, heads=64, kv_heads=64, hidden=22016
    ),
    "Llama 3 8B": LLaMAConfig(
        vocabulary=128256,
        positions=8192,
        kv_heads=8,
        hidden=14336,
        theta=500_000.0,
        eps=1e-5,
    ),
}


class LLaMA(nn.Module):
    """P(word | words before it), for every position at once.

    Shapes: tokens (B, T), real (B, S) False at padding -> logits (B, T, V).
    Errors: as for GPT.  Source: Touvron et al. (2023), section 2.2.
    """

    def __init__(self, config: LLaMAConfig) -> None:
        super().__init__()
        self.positions = config.positions
        self.word = nn.Embedding(config.vocabulary, config.width)
        norm = partial(RMSNorm, eps=config.eps)
        block = partial(
            Block,
            config.width,
            config.heads,
            kv_heads=config.kv_heads,
            hidden=config.hidden,
            norm=norm,
            activation=F.silu,
            gated=True,
            bias=False,
        )
        self.stack = Stack(config.layers, block, norm(config.width))
        self.rotary = Rotary(config.width // config.heads, config.theta)
        self.head = nn.Linear(config.width, config.vocabulary, bias=False)
        initialise(self)
        if config.tied:
            self.head.weight = self.word.weight

    def forward(
        self,
        tokens: Tensor,
        rule: Rule = causal,
        real: Tensor | None = None,
        cache: Cache | None = None,
    ) -> Tensor:
        past = cache.length if cache else 0
        check_tokens(tokens, self.word.num_embeddings, self.positions, past)
        view = attention_view(tokens, rule, real, cache)
        x = self.word(tokens)  # (B, T, W): no position is added here
        rotation = self.rotary(view.positions, like=x)  # two of (1 or B, 1, T, D)
        x = self.stack(x, cache, visible=view.visible, rotation=rotation)  # (B, T, W)
        logits = finite(self.head(x))  # (B, T, V)
        if cache is not None:
            cache.advance(tokens.shape[1])
        return logits
