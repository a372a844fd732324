"""T5: an encoder-decoder for every task, as text to text.

Differences from Vaswani et al. (2017): pre-norm, outside the residual path, with
RMSNorm; a learned position bias per head and distance, shared by all layers.
Source: Raffel et al. (2020), section 2.1.  From the released code: no other bias,
attention scores without 1 / sqrt(head width), and states scaled down before the tied
output layer.  T5 1.1: a gated GELU, and an untied output layer.
"""

from dataclasses import dataclass, replace
from functools import partial

from torch import Tensor, nn
from torch.nn import functional as F

from paradigms._checks import check_sizes, check_tokens, finite
from paradigms.layers import (
    Block,
    Cache,
    RelativeBias,
    RMSNorm,
    Stack,
    attention_view,
    gelu_tanh,
    initialise,
)
from paradigms.masks import bidirectional, causal
from paradigms.models.encoder_decoder import EncoderDecoder, cross_mask


@dataclass(frozen=True)
class T5Config:
    """The shape of the network; the defaults are T5 small.

    Errors: ValueError for a size that is not an integer of at least 1.
    """

    vocabulary: int = 32128
    width: int = 512
    layers: int = 6  # of the encoder, and as many of the decoder
    heads: int = 8
    head_width: int = 64
    hidden: int = 2048
    buckets: int = 32
    distance: int = 128
    gated: bool = False
    tied: bool = True

    def __post_init__(self) -> None:
        check_sizes(self)


BASE = T5Config(width=768, layers=12, heads=12, hidden=3072)
LARGE = T5Config(width=1024, layers=24, heads=16, hidden=4096)
SIZES = {
    "T5 small": T5Config(),
    "T5 base": BASE,
    "T5 large": LARGE,
    "T5 3B": replace(LARGE, head_width=128, heads=32, hidden=16384),
    "T5 11B": replace(LARGE, head_width=128, heads=128, hidden=65536),
}


class T5(EncoderDecoder):
    """P(target | source), autoregressively; shapes and errors: `EncoderDecoder`."""

    def __init__(self, config: T5Config) -> None:
        super().__init__()
        block = partial(
            Block,
            config.width,
            config.heads,
            head_width=config.head_width,
            hidden=config.hidden,
            norm=RMSNorm,
            activation=gelu_tanh if config.gated else F.relu,
            gated=config.gated,
            bias=False,
            scale=1.0,
        )
        bias = partial(
            RelativeBias, config.heads, buckets=config.buckets, distance=config.distance
        )
        self.word = nn.Embedding(config.vocabulary, config.width)
        self.encoder_bias = bias(bidirectional=True)
        self.encoder = Stack(config.layers, block, RMSNorm(config.width))
        self.decoder_bias = bias(bidirectional=False)
        decoder_block = partial(block, cross=True)
        self.decoder = Stack(config.layers, decoder_block, RMSNorm(config.width))
        self.head = nn.Linear(config.width, config.vocabulary, bias=False)
        initialise(self)
        # With tied embeddings the initial logits would be too large without scaling.
        self.shrink = config.width**-0.5 if config.tied else 1.0
        if config.tied:
            self.head.weight = self.word.weight

    def encode(self, source: Tensor, real: Tensor | None = None) -> Tensor:
        check_tokens(source, self.word.num_embeddings, what="source")
        view = attention_view(source, bidirectional, real, what="source_real")
        bias = self.encoder_bias(view.positions, view.key_positions)  # (H, S, S)
        x = self.word(source)  # (B, S, W)
        return finite(self.encoder(x, visible=view.visible, bias=bias))  # (B, S, W)

    def decode(
        self,
        tokens: Tensor,
        memory: Tensor,
        memory_real: Tensor | None = None,
        real: Tensor | None = None,
        cache: Cache | None = None,
    ) -> Tensor:
        check_tokens(tokens, self.word.num_embeddings)
        view = attention_view(tokens, causal, real, cache)
        memory_visible = cross_mask(
            tokens, memory, self.word.embedding_dim, memory_real, cache
        )
        x = self.decoder(
            self.word(tokens),
            cache,
            visible=view.visible,
            bias=self.decoder_bias(view.positions, view.key_positions),
            memory=memory,
            memory_visible=memory_visible,
        )  # (B, T, W)
        logits = finite(self.head(x * self.shrink))  # (B, T, V)
        if cache is not None:
            cache.advance(tokens.shape[1])
        return logits
