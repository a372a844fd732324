"""BART: an encoder as in BERT for corrupted text, and a decoder as in GPT.

Differences from T5: learned position embeddings; post-norm, with LayerNorm; GELU; the
target is the whole text; a [MASK] may hide no word, and sentences are permuted.
Source: Lewis et al. (2020), sections 2.1 and 2.2.
"""

from dataclasses import dataclass
from functools import partial

from torch import Tensor, nn

from paradigms._checks import check_sizes, check_tokens, finite
from paradigms.layers import Block, Cache, Stack, attention_view, initialise
from paradigms.masks import bidirectional, causal
from paradigms.models.encoder_decoder import EncoderDecoder, cross_mask


@dataclass(frozen=True)
class BARTConfig:
    """The shape of the network; the defaults are BART base.

    Errors: ValueError for a size that is not an integer of at least 1.
    """

    vocabulary: int = 50265
    positions: int = 1024
    width: int = 768
    layers: int = 6  # of the encoder, and as many of the decoder
    heads: int = 12
    hidden: int = 3072

    def __post_init__(self) -> None:
        check_sizes(self)


SIZES = {
    "BART base": BARTConfig(),
    "BART large": BARTConfig(width=1024, layers=12, heads=16, hidden=4096),
}
UNUSED = 2  # rows of the position table before the first, as in the released models


class Side(nn.Module):
    """Encoder or decoder: word and position embeddings, a norm, and blocks.

    Shapes: tokens (B, T), positions (T,) or (B, T) -> (B, T, W); others as for `Stack`.
    """

    def __init__(self, config: BARTConfig, word: nn.Embedding, cross: bool) -> None:
        super().__init__()
        self.word = word
        self.position = nn.Embedding(config.positions + UNUSED, config.width)
        self.norm = nn.LayerNorm(config.width)
        block = partial(
            Block,
            config.width,
            config.heads,
            hidden=config.hidden,
            norm_first=False,
            cross=cross,
        )
        self.stack = Stack(config.layers, block)

    def forward(
        self,
        tokens: Tensor,
        positions: Tensor,
        cache: Cache | None = None,
        visible: Tensor | None = None,
        memory: Tensor | None = None,
        memory_visible: Tensor | None = None,
    ) -> Tensor:
        position = self.position(positions + UNUSED)  # (T, W) or (B, T, W)
        x = self.norm(self.word(tokens) + position)  # (B, T, W)
        states: Tensor = self.stack(x, cache, visible, memory, memory_visible)
        return states  # (B, T, W)

    def check(self, tokens: Tensor, past: int = 0, what: str = "tokens") -> None:
        """Errors: ValueError for tokens not (B, T), out of range, or too many."""
        limit = self.position.num_embeddings - UNUSED
        check_tokens(tokens, self.word.num_embeddings, limit, past, what)


class BART(EncoderDecoder):
    """P(text | corrupted text), autoregressively; shapes: `EncoderDecoder`.

    Errors: as there, and ValueError for texts longer than the positions.
    Source: Lewis et al. (2020), section 2.1.
    """

    def __init__(self, config: BARTConfig) -> None:
        super().__init__()
        side = partial(Side, config, nn.Embedding(config.vocabulary, config.width))
        self.encoder, self.decoder = side(cross=False), side(cross=True)
        self.head = nn.Linear(config.width, config.vocabulary, bias=False)
        initialise(self)
        self.head.weight = self.encoder.word.weight

    def encode(self, source: Tensor, real: Tensor | None = None) -> Tensor:
        self.encoder.check(source, what="source")
        view = attention_view(source, bidirectional, real, what="source_real")
        x = self.encoder(source, view.positions, visible=view.visible)  # (B, S, W)
        return finite(x)

    def decode(
        self,
        tokens: Tensor,
        memory: Tensor,
        memory_real: Tensor | None = None,
        real: Tensor | None = None,
        cache: Cache | None = None,
    ) -> Tensor:
        self.decoder.check(tokens, cache.length if cache else 0)
        view = attention_view(tokens, causal, real, cache)
        memory_visible = cross_mask(
            tokens, memory, self.head.in_features, memory_real, cache
        )
        x = self.decoder(
            tokens,
            view.positions,
            cache=cache,
            visible=view.visible,
            memory=memory,
            memory_visible=memory_visible,
        )  # (B, T, W)
        logits = finite(self.head(x))  # (B, T, V)
        if cache is not None:
            cache.advance(tokens.shape[1])
        return logits
