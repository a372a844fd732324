"""Prefix LM: one network, bidirectional over a prefix and causal after it.

Difference from GPT: the words of the prefix see each other in both directions; the rest
stays causal, so the chain rule and the cache hold.  Difference from an encoder-decoder:
one stack does both, and the rest attends to prefix and rest in the same attention.
Source: Raffel et al. (2020), section 3.2; Dong et al. (2019) for the mask.
"""

import torch
from torch import Tensor, nn

from paradigms._checks import check_axes
from paradigms.layers import Cache
from paradigms.masks import prefix_lm
from paradigms.models.gpt import GPT, GPTConfig


class PrefixLM(nn.Module):
    """P(rest | prefix), autoregressively, for prefixes of any length in one batch.

    `prefix` is the number of each text's prefix tokens, with BOS, without padding; they
    are read in one call, as they see each other.
    Shapes: tokens (B, T), prefix (B,), real (B, S) False at padding -> logits
    (B, T, V); those from the last token of the prefix on predict the rest.
    Errors: as for GPT, and ValueError for prefixes of another shape or dtype, or
    longer than the text that has been read.
    Source: Raffel et al. (2020), section 3.2.
    """

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.network = GPT(config)

    def forward(
        self,
        tokens: Tensor,
        prefix: Tensor,
        real: Tensor | None = None,
        cache: Cache | None = None,
    ) -> Tensor:
        check_axes(tokens, "BT", "tokens")
        is_integer = prefix.dtype in (torch.int64, torch.int32)
        if prefix.shape != tokens.shape[:1] or not is_integer:
            raise ValueError(
                f"prefix must be whole numbers of shape ({len(tokens)},): "
                f"got {prefix.dtype} of shape {tuple(prefix.shape)}"
            )
        # Also with a cache: over two calls, the first part would miss the second.
        length = (cache.length if cache else 0) + tokens.shape[1]
        lengths = prefix.new_full(prefix.shape, length)  # (B,)
        if real is not None and real.shape == (len(tokens), length):
            lengths = real.sum(dim=1)
        if bool(((prefix < 0) | (prefix > lengths)).any()):
            raise ValueError(
                f"prefix must lie within the {lengths.tolist()} tokens that are read "
                f"at once: {prefix.tolist()}"
            )
        rule = prefix_lm(prefix[:, None, None])
        logits: Tensor = self.network(tokens, rule, real, cache)
        return logits  # (B, T, V)


class After:
    """A prefix LM with fixed prefixes, as `decoding` calls it.

    There may be several adjacent rows of tokens per prefix, as in beam search.
    Shapes: prefix (B,); tokens (N B, T), real (N B, S) -> logits (N B, T, V).
    Errors: as for the prefix LM, and ValueError for a prefix of another shape, or rows
    that are no multiple of B.
    """

    def __init__(self, network: PrefixLM, prefix: Tensor) -> None:
        check_axes(prefix, "B", "prefix")
        self.network, self.prefix = network, prefix

    def __call__(
        self, tokens: Tensor, real: Tensor | None = None, cache: Cache | None = None
    ) -> Tensor:
        copies, remainder = divmod(len(tokens), len(self.prefix))
        if remainder or not copies:
            raise ValueError(
                f"tokens must have a multiple of {len(self.prefix)} rows, one or more "
                f"to a prefix: {len(tokens)}"
            )
        prefix = self.prefix.repeat_interleave(copies)
        logits: Tensor = self.network(tokens, prefix, real, cache)
        return logits  # (N B, T, V)
