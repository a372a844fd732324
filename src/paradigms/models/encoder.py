"""The encoder of BERT, RoBERTa, ALBERT and ELECTRA, and the masked-LM head.

It is BERT's; the others set its options in their files.
Source: Devlin et al. (2019), sections 3 and 3.1, and appendix A.2.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from paradigms._checks import (
    check_positive,
    check_shape,
    check_size,
    check_sizes,
    check_tokens,
    finite,
)
from paradigms.layers import Block, Stack, attention_view, initialise
from paradigms.masks import Rule, bidirectional


@dataclass(frozen=True)
class EncoderConfig:
    """The shape of the network; the defaults are BERT base.

    `embedding`: width of the embeddings, where it differs from `width` (ALBERT).
    `first_position`: row of the position table at which texts start (RoBERTa: 2).
    Errors: ValueError for invalid sizes, an eps that is not positive, or a position
    table that ends before the first position.
    """

    vocabulary: int = 30522
    positions: int = 512
    width: int = 768
    layers: int = 12
    heads: int = 12
    hidden: int = 3072
    segments: int = 2
    embedding: int | None = None
    shared: bool = False
    activation: Callable[[Tensor], Tensor] = F.gelu
    first_position: int = 0
    eps: float = 1e-12

    def __post_init__(self) -> None:
        check_sizes(self)
        check_positive(self.eps, "eps")
        if self.embedding is not None:
            check_size(self.embedding, "embedding")
        check_size(self.positions, "positions", minimum=self.first_position + 1)


class Encoder(nn.Module):
    """Texts to contextual states; each position attends to the whole text.

    Shapes: tokens and segments (B, T), real (B, T) False at padding -> (B, T, W).
    Errors: ValueError for ids out of range, too many tokens, segments or real of
    another shape, padding alone, NaN.  Source: Devlin et al. (2019), section 3.
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        embedding = config.embedding or config.width  # E
        norm = partial(nn.LayerNorm, eps=config.eps)
        self.first_position = config.first_position
        self.word = nn.Embedding(config.vocabulary, embedding)
        self.position = nn.Embedding(config.positions, embedding)
        self.segment = nn.Embedding(config.segments, embedding)
        self.norm = norm(embedding)
        self.widen: nn.Module = nn.Identity()
        if config.embedding is not None:
            self.widen = nn.Linear(embedding, config.width)
        block = partial(
            Block,
            config.width,
            config.heads,
            hidden=config.hidden,
            norm=norm,
            norm_first=False,
            activation=config.activation,
        )
        self.stack = Stack(config.layers, block, shared=config.shared)

    def forward(
        self,
        tokens: Tensor,
        segments: Tensor | None = None,
        real: Tensor | None = None,
        rule: Rule = bidirectional,
    ) -> Tensor:
        positions = self.position.num_embeddings - self.first_position
        check_tokens(tokens, self.word.num_embeddings, positions)
        if segments is None:
            segments = torch.zeros_like(tokens)
        else:
            check_tokens(segments, self.segment.num_embeddings, what="segments")
            check_shape(segments, tokens, "segments", "tokens")
        view = attention_view(tokens, rule, real)
        position = self.position(view.positions + self.first_position)  # (B, T, E)
        # The sum of three tables: (B, T, E).
        x = self.norm(self.word(tokens) + position + self.segment(segments))
        return finite(self.stack(self.widen(x), visible=view.visible))  # (B, T, W)


class WordHead(nn.Module):
    """The masked-LM head: (B, T, W) -> logits (B, T, V).

    Errors: ValueError for logits that are not finite.
    Source: the code of Devlin et al. (2019).
    """

    def __init__(self, config: EncoderConfig, word: nn.Embedding) -> None:
        super().__init__()
        self.dense = nn.Linear(config.width, word.embedding_dim)
        self.activation = config.activation
        self.norm = nn.LayerNorm(word.embedding_dim, eps=config.eps)
        self.output = nn.Linear(word.embedding_dim, word.num_embeddings)
        initialise(self)
        self.output.weight = word.weight

    def forward(self, states: Tensor) -> Tensor:
        x = self.norm(self.activation(self.dense(states)))  # (B, T, E)
        return finite(self.output(x))  # (B, T, V)
