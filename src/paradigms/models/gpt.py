"""GPT-2: transformer blocks under the causal rule, with a language-model head.

Differences from the decoder of Vaswani et al. (2017): no encoder, so no cross
attention; learned positions; from GPT-1 to GPT-2, pre-norm and a final norm after the
last block.  The output layer shares the word embeddings.
Source: Radford et al. (2018), section 3.1; Radford et al. (2019), section 2.3.
"""

from dataclasses import dataclass
from functools import partial

from torch import Tensor, nn

from paradigms._checks import check_sizes, check_tokens, finite
from paradigms.layers import Block, Cache, Stack, attention_view, gelu_tanh, initialise
from paradigms.masks import Rule, causal


@dataclass(frozen=True)
class GPTConfig:
    """The shape of the network; the defaults are GPT-2 with 124 million parameters.

    Errors: ValueError for a size that is not an integer of at least 1.
    """

    vocabulary: int = 50257
    positions: int = 1024
    width: int = 768
    layers: int = 12
    heads: int = 12
    tied: bool = True

    def __post_init__(self) -> None:
        check_sizes(self)


SIZES = {
    "GPT-2 small": GPTConfig(),
    "GPT-2 medium": GPTConfig(width=1024, layers=24, heads=16),
    "GPT-2 large": GPTConfig(width=1280, layers=36, heads=20),
    "GPT-2 XL": GPTConfig(width=1600, layers=48, heads=25),
}


class GPT(nn.Module):
    """P(word | words before it), for every position at once.

    Shapes: tokens (B, T), real (B, S) False at padding -> logits (B, T, V).
    Another `rule` makes it another model: with `prefix_lm(n)` a prefix LM.
    Errors: ValueError for ids outside the vocabulary, too many tokens, a `real` of
    another shape, padding alone, or weights that are not finite.
    Source: Radford et al. (2019), section 2.3.
    """

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.word = nn.Embedding(config.vocabulary, config.width)
        self.position = nn.Embedding(config.positions, config.width)
        block = partial(Block, config.width, config.heads, activation=gelu_tanh)
        self.stack = Stack(config.layers, block, nn.LayerNorm(config.width))
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
        vocabulary, positions = self.word.num_embeddings, self.position.num_embeddings
        check_tokens(tokens, vocabulary, positions, past)
        view = attention_view(tokens, rule, real, cache)
        x = self.word(tokens) + self.position(view.positions)  # (B, T, W)
        x = self.stack(x, cache, visible=view.visible)  # (B, T, W)
        logits = finite(self.head(x))  # (B, T, V)
        if cache is not None:
            cache.advance(tokens.shape[1])
        return logits
