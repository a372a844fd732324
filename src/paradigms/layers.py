"""The parts of a transformer: attention under a rule, feed-forward, block, network.

Shapes: B sequences, T queries, S keys, H heads, D width of one head, W width, V words.
Source: Vaswani et al. (2017); pre-normalisation as in Radford et al. (2019).
"""

import torch
from torch import Tensor, nn

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
    return rule(q, k)  # (T, S)


def attend(query: Tensor, key: Tensor, value: Tensor, visible: Tensor) -> Tensor:
    """Scaled dot-product attention; a query that may see nothing receives zeros.

    Shapes: query (..., T, D), key and value (..., S, D),
    visible broadcasts to (..., T, S).
    Errors: ValueError if `visible` is not boolean or its last two sizes are not (T, S).
    Source: Vaswani et al. (2017), section 3.2.1.
    """
    expected = (query.shape[-2], key.shape[-2])
    if visible.dtype != torch.bool or visible.shape[-2:] != expected:
        raise ValueError(
            f"visible must be boolean of shape (..., {expected[0]}, {expected[1]}): "
            f"got {visible.dtype} of shape {tuple(visible.shape)}"
        )
    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5  # (..., T, S)
    # The lowest finite number, not -inf: a row without any key would become 0/0 = NaN.
    scores = scores.masked_fill(~visible, torch.finfo(scores.dtype).min)
    weights = scores.softmax(dim=-1).masked_fill(~visible, 0.0)  # (..., T, S)
    return weights @ value  # (..., T, D)


class MultiHeadAttention(nn.Module):
    """H attentions side by side, over the input itself or over a second sequence.

    Shapes: x (B, T, W), visible (T, S) or (B, T, S), memory (B, S, W) -> (B, T, W).
    Source: Vaswani et al. (2017), section 3.2.2.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        if heads < 1 or width % heads:
            raise ValueError(f"heads must divide width {width}: got {heads}")
        self.heads = heads
        self.query, self.key, self.value, self.output = (
            nn.Linear(width, width) for _ in range(4)
        )

    def forward(
        self, x: Tensor, visible: Tensor, memory: Tensor | None = None
    ) -> Tensor:
        memory = x if memory is None else memory
        query = self._split(self.query(x))  # (B, H, T, D)
        key = self._split(self.key(memory))  # (B, H, S, D)
        value = self._split(self.value(memory))  # (B, H, S, D)
        if visible.ndim == 3:
            visible = visible[:, None]  # (B, 1, T, S)
        mixed = attend(query, key, value, visible)  # (B, H, T, D)
        return self.output(mixed.transpose(1, 2).flatten(2))  # (B, T, W)

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)  # (B, H, T, D)


class Block(nn.Module):
    """Attention, then a feed-forward of four times the width, each added to its input.

    Shapes: x (B, T, W), visible (T, T) or (B, T, T) -> (B, T, W).
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(width)
        self.attention = MultiHeadAttention(width, heads)
        self.feed_forward_norm = nn.LayerNorm(width)
        self.feed_forward = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, x: Tensor, visible: Tensor) -> Tensor:
        x = x + self.attention(self.attention_norm(x), visible)
        return x + self.feed_forward(self.feed_forward_norm(x))


class Transformer(nn.Module):
    """Words in, one score per word of the vocabulary out; the rule is an argument.

    With `causal` this is the network of an autoregressive model, with `bidirectional`
    that of a masked one: nothing else in it changes.
    Shapes: tokens (B, T) of whole numbers below V -> logits (B, T, V).
    Errors: ValueError for ids outside the vocabulary or more than `positions` tokens.
    """

    def __init__(
        self, vocabulary: int, width: int, heads: int, layers: int, positions: int
    ) -> None:
        super().__init__()
        self.word = nn.Embedding(vocabulary, width)
        self.position = nn.Embedding(positions, width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocabulary)

    def forward(self, tokens: Tensor, rule: Rule) -> Tensor:
        return self.predict(self.embed(tokens), rule)  # (B, T, V)

    def embed(self, tokens: Tensor) -> Tensor:
        """Word plus position vectors, (B, T) -> (B, T, W)."""
        _check_tokens(tokens, self.word.num_embeddings, self.position.num_embeddings)
        places = torch.arange(tokens.shape[1], device=tokens.device)
        return self.word(tokens) + self.position(places)  # (B, T, W)

    def predict(self, x: Tensor, rule: Rule) -> Tensor:
        """Embedded words to logits, (B, T, W) -> (B, T, V)."""
        visible = dense_mask(rule, x.shape[1], device=x.device)
        for block in self.blocks:
            x = block(x, visible)
        return self.head(self.norm(x))  # (B, T, V)


def _check_tokens(tokens: Tensor, vocabulary: int, positions: int) -> None:
    if tokens.ndim != 2 or tokens.numel() == 0:
        raise ValueError(
            f"tokens must be of shape (B, T), not empty: {tuple(tokens.shape)}"
        )
    if tokens.shape[1] > positions:
        raise ValueError(
            f"tokens are {tokens.shape[1]} long; the network has {positions} positions"
        )
    low, high = int(tokens.min()), int(tokens.max())
    if low < 0 or high >= vocabulary:
        raise ValueError(f"tokens must lie in 0..{vocabulary - 1}: got {low} to {high}")
