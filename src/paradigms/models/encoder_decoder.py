"""The base class of encoder-decoders, and the mask of cross attention.

Source: Sutskever et al. (2014); with attention, Bahdanau et al. (2015); the
transformer, Vaswani et al. (2017).
"""

from abc import ABC, abstractmethod

from torch import Tensor, nn

from paradigms._checks import check_real, check_states
from paradigms.layers import Cache


class EncoderDecoder(nn.Module, ABC):
    """P(target | source), autoregressively; subclasses define `encode` and `decode`.

    Shapes: source (B, S), tokens (B, T), the target shifted by one -> logits (B, T, V);
    source_real (B, S) and real (B, T) are False at padding.
    Errors: ValueError for ids out of range, padding alone, weights that are not finite,
    or another number of targets than of sources.
    """

    def forward(
        self,
        source: Tensor,
        tokens: Tensor,
        source_real: Tensor | None = None,
        real: Tensor | None = None,
    ) -> Tensor:
        memory = self.encode(source, source_real)  # (B, S, W)
        return self.decode(tokens, memory, source_real, real)  # (B, T, V)

    @abstractmethod
    def encode(self, source: Tensor, real: Tensor | None = None) -> Tensor:
        """Encode the source bidirectionally: (B, S) -> memory (B, S, W)."""

    @abstractmethod
    def decode(
        self,
        tokens: Tensor,
        memory: Tensor,
        memory_real: Tensor | None = None,
        real: Tensor | None = None,
        cache: Cache | None = None,
    ) -> Tensor:
        """Predict the next word of each target: (B, T) -> logits (B, T, V)."""


def cross_mask(
    tokens: Tensor,
    memory: Tensor,
    width: int,
    real: Tensor | None = None,
    cache: Cache | None = None,
) -> Tensor | None:
    """Cross attention's mask (B, T, S): every target sees the real source tokens.

    With a cache, `tokens` may have several adjacent rows per source, as in beam search;
    the cache then holds the keys and values of the memory.
    Shapes: tokens (B, T), memory (B, S, width), real (B, S).
    Errors: ValueError for a memory or `real` of another shape, dtype or number of rows,
    or a memory other than the one that the cache was filled from.
    Source: Vaswani et al. (2017), section 3.2.3.
    """
    check_states(memory, width, "memory", "S")
    rows, started = len(memory), cache is not None and cache.length > 0
    if len(tokens) != rows and not (started and len(tokens) % rows == 0):
        raise ValueError(f"tokens must have {rows} rows, as source: got {len(tokens)}")
    if cache is not None:
        cache.attach(memory)
    if real is None:
        return None
    check_real(real, rows, memory.shape[1], "source_real")
    real = real.repeat_interleave(len(tokens) // rows, dim=0)  # (B, S)
    return real[:, None].expand(-1, tokens.shape[1], -1)  # (B, T, S)
