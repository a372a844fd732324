"""Prefix LM: one network reads the given words from both sides and writes the rest.

Against GPT: the given words see each other whole, also those to their right; what is
written stays causal, so the chain rule and the cache hold.  Against an encoder-decoder:
one stack does both, and what is written looks at all of it by the same attention.
Source: Raffel et al. (2020), section 3.2; Dong et al. (2019) for the mask.
"""

import torch
from torch import Tensor, nn

from paradigms._checks import check_axes, check_tokens
from paradigms.layers import Cache
from paradigms.masks import prefix_lm
from paradigms.models.gpt import GPT, GPTConfig


class PrefixLM(nn.Module):
    """P(rest | prefix), a word at a time, for prefixes of any length in one batch.

    `prefix` counts each text's first tokens, start symbol included, padding not; it
    is read in one call, as its words see each other.
    Shapes: tokens (B, T), prefix (B,), real (B, S) False at padding -> logits
    (B, T, V); those from the last token of the prefix on predict the rest.
    Errors: as for GPT, and ValueError for prefixes of another shape or kind, or
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
        check_tokens(tokens, self.network.word.num_embeddings)
        whole = prefix.dtype in (torch.int64, torch.int32)
        if prefix.shape != tokens.shape[:1] or not whole:
            raise ValueError(
                f"prefix must be whole numbers of shape ({len(tokens)},): "
                f"got {prefix.dtype} of shape {tuple(prefix.shape)}"
            )
        # With a cache, too: read in two parts, the first would not see the second.
        length = (cache.length if cache else 0) + tokens.shape[1]
        read = prefix.new_full(prefix.shape, length)  # (B,)
        if real is not None and real.shape == (len(tokens), length):
            read = real.sum(dim=1)
        if bool(((prefix < 0) | (prefix > read)).any()):
            raise ValueError(
                f"prefix must lie within the {read.tolist()} tokens that are read at "
                f"once: {prefix.tolist()}"
            )
        return self.network(tokens, prefix_lm(prefix[:, None, None]), real, cache)


class After:
    """A prefix LM as `decoding` calls it: the prefixes are known, the rest is written.

    Rows of tokens may be several to a prefix, side by side, as in beam search.
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
        rows, rest = divmod(len(tokens), len(self.prefix))
        if rest or not rows:
            raise ValueError(
                f"tokens must have a multiple of {len(self.prefix)} rows, one or more "
                f"to a prefix: {len(tokens)}"
            )
        return self.network(tokens, self.prefix.repeat_interleave(rows), real, cache)
