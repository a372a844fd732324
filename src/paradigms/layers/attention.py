"""Multi-head attention under a mask rule, with an optional key-value cache.

Shapes: B sequences, T queries, S keys, H heads, K key/value heads, D width of one head,
W width.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from paradigms._checks import check_real, check_size
from paradigms.layers.positions import rotate
from paradigms.masks import Rule


def dense_mask(
    rule: Rule,
    queries: int,
    keys: int | None = None,
    device: torch.device | str | None = None,
) -> Tensor:
    """The rule as a boolean tensor of shape (T, S): True means may attend.

    A rule that holds per-sequence lengths of shape (B, 1, 1) gives (B, T, S).
    """
    keys = queries if keys is None else keys
    q = torch.arange(queries, device=device)[:, None]  # (T, 1)
    k = torch.arange(keys, device=device)[None, :]  # (1, S)
    visible: Tensor = rule(q, k)  # (T, S)
    return visible


class Cache:
    """Keys and values of the `length` tokens read so far, for each attention layer.

    Valid if the states of a token do not depend on later ones, or only within a prefix
    that is read in one call.  Use it without gradients.  `memory`: the encoder output.
    Errors: ValueError for tokens of other sequences, or of another network.
    Source: Shazeer (2019), section 2.4.
    """

    def __init__(self) -> None:
        self.length = 0
        self.memory: Tensor | None = None  # (B, S, W)
        self.stored: dict[nn.Module, Tensor] = {}  # (2, B, K, room, D)
        self.stored_memory: dict[nn.Module, Tensor] = {}  # (2, B, K, S, D)

    def append(
        self, layer: nn.Module, key: Tensor, value: Tensor
    ) -> tuple[Tensor, ...]:
        """Append keys and values (B, K, T, D); returns all of them so far."""
        end = self.length + key.shape[2]
        # At length 0, what a failed call has stored is ignored.
        stored = self.stored.get(layer) if self.length else None
        if stored is None and self.length:
            raise ValueError(
                f"cache holds {self.length} tokens of another network: start a new one"
            )
        if stored is not None and stored.shape[1] != len(key):
            raise ValueError(
                f"cache holds {stored.shape[1]} sequences: tokens have {len(key)} rows"
            )
        if stored is None or stored.shape[3] < end:  # doubled, so rarely copied
            batch, heads, _, width = key.shape
            buffer = key.new_empty(2, batch, heads, max(2 * end, 32), width)
            if stored is not None:
                buffer[:, :, :, : self.length] = stored[:, :, :, : self.length]
            self.stored[layer] = stored = buffer
        stored[:, :, :, self.length : end] = torch.stack([key, value])
        return stored[:, :, :, :end].unbind()

    def advance(self, count: int) -> None:
        """Count the appended tokens as read; last, so that a failed call adds none."""
        self.length += count

    def rewind(self, length: int) -> None:
        """Forget the tokens after the first `length`. Errors: ValueError for more."""
        check_size(length, "length", 0)
        if length > self.length:
            raise ValueError(f"cache holds {self.length} tokens: got {length}")
        self.length = length

    def attach(self, memory: Tensor) -> None:
        """Use the encoder's `memory` (B, S, W). Errors: ValueError for a second one."""
        if self.length and self.memory is not memory:
            raise ValueError("memory must be the tensor that the cache was filled from")
        self.memory = memory

    def store_memory(self, layer: nn.Module, key: Tensor, value: Tensor) -> None:
        """Store a layer's keys and values of the memory, (B, K, S, D) each."""
        self.stored_memory[layer] = torch.stack([key, value])

    def of_memory(self, layer: nn.Module) -> tuple[Tensor, ...] | None:
        """A layer's keys and values of the memory; None before the first token."""
        return self.stored_memory[layer].unbind() if self.length else None

    def select(self, rows: Tensor) -> None:
        """Select the sequences `rows` (B',), in that order, as beam search needs."""
        for tensors in (self.stored, self.stored_memory):
            for layer, stored in tensors.items():
                tensors[layer] = stored.index_select(1, rows)

    def in_use(self) -> list[Tensor]:
        """The keys and values of each layer, without spare capacity."""
        texts = [stored[:, :, :, : self.length] for stored in self.stored.values()]
        return [*texts, *self.stored_memory.values()]


@dataclass(frozen=True)
class AttentionView:
    """The positions of the tokens of a batch, and the mask between them.

    A token's position counts the real tokens before it, so that padding on either side
    has no effect.  `visible` is None if every key is visible: no mask is needed.
    """

    positions: Tensor  # (T,) or (B, T)
    key_positions: Tensor  # (S,) or (B, S)
    visible: Tensor | None  # (T, S) or (B, T, S)


def attention_view(
    tokens: Tensor,
    rule: Rule,
    real: Tensor | None = None,
    cache: Cache | None = None,
    what: str = "real",
) -> AttentionView:
    """The view of tokens (B, T) under a rule, after the tokens of the cache.

    `real` (B, S) is False where there is padding; it covers the cached tokens, too.
    Errors: ValueError for another shape or dtype of `real`, a row of padding alone, a
    rule with lengths of another number of sequences, or a rule under which a token of
    the cache would see one of the new tokens.
    """
    past = cache.length if cache else 0
    length = past + tokens.shape[1]
    if real is None:
        keys = torch.arange(length, device="cpu")  # (S,); meta tensors have no values
        visible = rule(keys[past:, None], keys[None])  # (T, S), or (B, T, S)
        _check_rule_rows(visible, len(tokens))
        _check_ahead(rule, keys, past)
        keys = keys.to(tokens.device)
        mask = None if bool(visible.all()) else visible.to(tokens.device)
        return AttentionView(keys[past:], keys, mask)
    check_real(real, len(tokens), length, what)
    keys = (real.cumsum(dim=1) - 1).clamp(min=0)  # (B, S)
    queries = keys[:, past:]  # (B, T)
    origin = keys.new_zeros(1, 1)  # broadcasting would hide another number of rows
    _check_rule_rows(rule(origin, origin), len(tokens))
    visible = rule(queries[:, :, None], keys[:, None]) & real[:, None]
    _check_ahead(rule, keys, past, real)
    return AttentionView(queries, keys, visible)  # visible (B, T, S)


def _check_ahead(
    rule: Rule, positions: Tensor, past: int, real: Tensor | None = None
) -> None:
    """Errors: ValueError if one of the first `past` tokens sees a later one."""
    if not past or not rule.looks_ahead:
        return
    seen = rule(positions[..., :past, None], positions[..., None, past:])
    if real is not None:
        seen = seen & real[:, :past, None] & real[:, None, past:]
    if bool(seen.any()):
        raise ValueError(f"cache needs a rule without a look ahead: got {rule}")


def _check_rule_rows(visible: Tensor, rows: int) -> None:
    """Errors: ValueError unless a rule with lengths, one a sequence, has `rows`."""
    if visible.ndim == 3 and len(visible) != rows:
        raise ValueError(f"the rule must be for {rows} sequences: got {len(visible)}")


def attend(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    visible: Tensor | None = None,
    bias: Tensor | None = None,
    scale: float | None = None,
) -> Tensor:
    """Scaled dot-product attention; a query without visible keys gives zeros.

    Shapes: query (..., T, D), key and value (..., S, D), visible and bias broadcast to
    (..., T, S); the bias is added to the scores.  `scale` defaults to 1 / sqrt(D).
    NaN in query, key, value or bias gives NaN in the output.
    Errors: ValueError if `visible` is not boolean or its last two sizes are not (T, S).
    Source: Vaswani et al. (2017), section 3.2.1; the bias: Raffel et al. (2020).
    """
    if visible is not None:
        _check_visible(visible, query.shape[-2], key.shape[-2])
    mask = visible
    if bias is not None:
        mask = bias if visible is None else bias.masked_fill(~visible, float("-inf"))
    attended = F.scaled_dot_product_attention(query, key, value, mask, scale=scale)
    # The CPU kernel gives zeros where all scores of a query are NaN: where the query
    # holds NaN, or every key.  Added zero times, NaN still gives NaN.
    return attended.add(query.detach() + key.detach()[..., :1, :], alpha=0)


def _check_visible(visible: Tensor, queries: int, keys: int) -> None:
    if visible.dtype != torch.bool or visible.shape[-2:] != (queries, keys):
        raise ValueError(
            f"visible must be boolean of shape (..., {queries}, {keys}): "
            f"got {visible.dtype} of shape {tuple(visible.shape)}"
        )


class MultiHeadAttention(nn.Module):
    """Self-attention with H heads, or cross attention over `memory`.

    With fewer `kv_heads` than `heads`, groups of heads share their keys and values.
    Shapes: x (B, T, W), visible (T, S) or (B, T, S), memory (B, S, W) -> (B, T, W).
    Errors: ValueError if heads do not divide the width, or kv_heads not the heads, or
    if visible or memory have another B than x.
    Source: Vaswani et al. (2017), section 3.2.2; groups: Ainslie et al. (2023).
    """

    def __init__(
        self,
        width: int,
        heads: int,
        kv_heads: int | None = None,
        head_width: int | None = None,
        bias: bool = True,
        scale: float | None = None,
    ) -> None:
        super().__init__()
        kv_heads = heads if kv_heads is None else kv_heads
        if heads < 1 or (head_width is None and width % heads):
            raise ValueError(f"heads must divide width {width}: got {heads}")
        if kv_heads < 1 or heads % kv_heads:
            raise ValueError(f"kv_heads must divide heads {heads}: got {kv_heads}")
        self.heads, self.kv_heads, self.scale = heads, kv_heads, scale
        self.head_width = width // heads if head_width is None else head_width
        inner = heads * self.head_width
        # One matrix product instead of three: equal results, fewer memory accesses.
        self.query_key_value = nn.Linear(
            width, inner + 2 * kv_heads * self.head_width, bias=bias
        )
        self.output = nn.Linear(inner, width, bias=bias)

    def forward(
        self,
        x: Tensor,
        visible: Tensor | None = None,
        memory: Tensor | None = None,
        rotation: tuple[Tensor, Tensor] | None = None,
        bias: Tensor | None = None,
        cache: Cache | None = None,
    ) -> Tensor:
        query, key, value = (
            self._of_itself(x, cache, rotation)
            if memory is None
            else self._of_memory(x, memory, cache)
        )
        if self.kv_heads < self.heads:
            group = self.heads // self.kv_heads
            key = key.repeat_interleave(group, dim=1)  # (B, H, S, D)
            value = value.repeat_interleave(group, dim=1)  # (B, H, S, D)
        if visible is not None and visible.ndim == 3:
            _check_rows(visible, x, "visible")
            visible = visible[:, None]  # (B, 1, T, S)
        attended = attend(query, key, value, visible, bias, self.scale)  # (B, H, T, D)
        output: Tensor = self.output(attended.transpose(1, 2).flatten(2))
        return output  # (B, T, W)

    def _of_itself(
        self,
        x: Tensor,
        cache: Cache | None,
        rotation: tuple[Tensor, Tensor] | None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        heads = [self.heads, self.kv_heads, self.kv_heads]
        joint = self._heads(self.query_key_value(x))  # (B, H + 2 K, T, D)
        query, key, value = joint.split_with_sizes(heads, dim=1)
        if rotation is not None:
            query, key = rotate(query, rotation), rotate(key, rotation)
        if cache is not None:
            key, value = cache.append(self, key, value)
        return query, key, value

    def _of_memory(
        self, x: Tensor, memory: Tensor, cache: Cache | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        weight, bias = self.query_key_value.weight, self.query_key_value.bias
        inner = self.heads * self.head_width
        query_bias = None if bias is None else bias[:inner]
        query = self._heads(F.linear(x, weight[:inner], query_bias))  # (B, H, T, D)
        stored = cache.of_memory(self) if cache is not None else None
        if stored is not None:  # the memory does not change
            key, value = stored
            return query, key, value
        _check_rows(memory, x, "memory")
        memory_bias = None if bias is None else bias[inner:]
        joint = self._heads(F.linear(memory, weight[inner:], memory_bias))
        key, value = joint.chunk(2, dim=1)  # (B, K, S, D)
        if cache is not None:
            cache.store_memory(self, key, value)
        return query, key, value

    def _heads(self, x: Tensor) -> Tensor:
        # (B, T, H D) -> (B, H, T, D)
        return x.view(*x.shape[:-1], -1, self.head_width).transpose(1, 2)


def _check_rows(other: Tensor, x: Tensor, what: str) -> None:
    if len(other) != len(x):
        raise ValueError(f"{what} must have {len(x)} rows, as x: got {len(other)}")
