"""ELECTRA: a small masked LM replaces words, and a larger network detects them.

Differences from BERT (Clark et al. 2020, sections 2 and 3.2): the discriminator
predicts for every token whether it differs from the original, not words for 15% of them
(a sample equal to the original does not differ); its input holds no [MASK]; generator
and discriminator share their embeddings.  It is not a GAN: the generator is trained by
maximum likelihood.
"""

from dataclasses import dataclass, replace

from torch import Tensor, nn
from torch.nn import functional as F

from paradigms._checks import finite
from paradigms.layers import initialise
from paradigms.masks import Rule
from paradigms.models import bert
from paradigms.models.encoder import Encoder, EncoderConfig, WordHead

BASE = bert.BASE
SMALL = replace(BASE, embedding=128, width=256, heads=4, hidden=1024)
SIZES = {"ELECTRA small": SMALL, "ELECTRA base": BASE}


class Discriminator(nn.Module):
    """The log-odds that the generator replaced a token: (B, T) -> (B, T).

    Errors: as for BERT's encoder.  Source: Clark et al. (2020), section 2.
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.encoder = Encoder(config)
        self.dense = nn.Linear(config.width, config.width)
        self.replaced = nn.Linear(config.width, 1)
        initialise(self)

    def forward(self, tokens: Tensor, **options: Tensor | Rule | None) -> Tensor:
        states = self.encoder(tokens, **options)  # (B, T, W)
        return finite(self.replaced(F.gelu(self.dense(states)))).squeeze(-1)  # (B, T)


class Generator(nn.Module):
    """A masked LM with the discriminator's embeddings: (B, T) -> logits (B, T, V).

    Errors: as for BERT's encoder, and ValueError for a config whose embeddings differ
    from the discriminator's.  Source: Clark et al. (2020), sections 2 and 3.2.
    """

    def __init__(self, config: EncoderConfig, tables: Encoder) -> None:
        super().__init__()
        self.encoder = Encoder(config)
        _check_tables(self.encoder, tables)
        initialise(self)
        self.encoder.word = tables.word
        self.encoder.position = tables.position
        self.encoder.segment = tables.segment
        self.mlm_head = WordHead(config, tables.word)

    def forward(self, tokens: Tensor, **options: Tensor | Rule | None) -> Tensor:
        logits: Tensor = self.mlm_head(self.encoder(tokens, **options))
        return logits  # (B, T, V)


def _check_tables(own: Encoder, tables: Encoder) -> None:
    """Errors: ValueError for the first embedding size in which the two differ."""
    expected = _sizes(tables)
    for name, number in _sizes(own).items():
        if number != expected[name]:
            raise ValueError(
                f"{name} must be {expected[name]}, as in the discriminator's tables: "
                f"got {number}"
            )


def _sizes(encoder: Encoder) -> dict[str, int]:
    return {
        "vocabulary": encoder.word.num_embeddings,
        "embedding": encoder.word.embedding_dim,
        "positions": encoder.position.num_embeddings,
        "first_position": encoder.first_position,
        "segments": encoder.segment.num_embeddings,
    }


@dataclass
class ELECTRA:
    """Both networks for pretraining; fine-tuning uses only the discriminator."""

    generator: Generator
    discriminator: Discriminator

    @classmethod
    def build(cls, config: EncoderConfig, generator: EncoderConfig) -> "ELECTRA":
        """Both networks, with shared embeddings.

        Errors: ValueError for configs whose embeddings differ.
        """
        discriminator = Discriminator(config)
        return cls(Generator(generator, discriminator.encoder), discriminator)
