"""What encoder-decoders have in common: one network reads, another writes.

Source: Sutskever et al. (2014); with attention in between, Vaswani et al. (2017).
"""

from torch import Tensor, nn

from paradigms.layers import Cache


class EncoderDecoder(nn.Module):
    """P(target | source), a word at a time; `encode` and `decode` are the system's own.

    Shapes: source (B, S), tokens (B, T), the target shifted by one -> logits (B, T, V);
    source_real (B, S) and real (B, T) are False at padding.
    Errors: ValueError for ids out of range, padding alone, weights that are not finite.
    """

    def forward(
        self,
        source: Tensor,
        tokens: Tensor,
        source_real: Tensor | None = None,
        real: Tensor | None = None,
    ) -> Tensor:
        memory = self.encode(source, source_real)
        return self.decode(tokens, memory, source_real, real)

    def encode(self, source: Tensor, real: Tensor | None = None) -> Tensor:
        """Read the source, from both sides: (B, S) -> memory (B, S, W)."""
        raise NotImplementedError

    def decode(
        self,
        tokens: Tensor,
        memory: Tensor,
        memory_real: Tensor | None = None,
        real: Tensor | None = None,
        cache: Cache | None = None,
    ) -> Tensor:
        """Score the next word of each target: (B, T) -> logits (B, T, V)."""
        raise NotImplementedError


def across(real: Tensor | None, tokens: Tensor) -> Tensor | None:
    """Cross attention's mask (B, T, S): every target sees the real source tokens.

    Rows of `tokens` may be several to a source, side by side, as in beam search.
    """
    if real is None:
        return None
    rows = real.repeat_interleave(len(tokens) // len(real), dim=0)  # (B, S)
    return rows[:, None].expand(-1, tokens.shape[1], -1)  # (B, T, S)
