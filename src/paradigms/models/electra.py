"""ELECTRA: a small masked LM fills the blanks, and a large one tells which were filled.

Against BERT (Clark et al. 2020, sections 2 and 3.2): the network that is kept gives
one bit for every token, not a word for 15% of them: whether it differs from the
original, which a lucky sample does not; its input holds no [MASK]; and generator and
discriminator share their embeddings.  It looks like a GAN and is none: the generator
is trained by likelihood.
"""

from dataclasses import dataclass, replace

from torch import Tensor, nn
from torch.nn import functional as F

from paradigms._checks import finite
from paradigms.layers import Linear, initialise
from paradigms.masks import Rule
from paradigms.models import bert
from paradigms.models.encoder import Encoder, EncoderConfig, WordHead

BASE = bert.BASE
SMALL = replace(BASE, embedding=128, width=256, heads=4, hidden=1024)
SIZES = {"ELECTRA small": SMALL, "ELECTRA base": BASE}


class Discriminator(nn.Module):
    """The log-odds that a token was put there by the generator: (B, T) -> (B, T).

    Errors: as for BERT's encoder.  Source: Clark et al. (2020), section 2.
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.encoder = Encoder(config)
        self.dense = Linear(config.width, config.width)
        self.replaced = Linear(config.width, 1)
        initialise(self)

    def forward(self, tokens: Tensor, **options: Tensor | Rule | None) -> Tensor:
        states = self.encoder(tokens, **options)  # (B, T, W)
        return finite(self.replaced(F.gelu(self.dense(states)))).squeeze(-1)  # (B, T)


class Generator(nn.Module):
    """A masked LM over the discriminator's tables: (B, T) -> logits (B, T, V).

    Errors: as for BERT's encoder, and ValueError for a config of other tables than the
    discriminator's.  Source: Clark et al. (2020), sections 2 and 3.2.
    """

    def __init__(self, config: EncoderConfig, tables: Encoder) -> None:
        super().__init__()
        self.encoder = Encoder(config)
        _check_tables(self.encoder, tables)
        initialise(self)
        self.encoder.word = tables.word
        self.encoder.position = tables.position
        self.encoder.segment = tables.segment
        self.words = WordHead(config, tables.word)

    def forward(self, tokens: Tensor, **options: Tensor | Rule | None) -> Tensor:
        return self.words(self.encoder(tokens, **options))  # (B, T, V)


def _check_tables(own: Encoder, tables: Encoder) -> None:
    """Errors: ValueError for the config's number in which the two differ."""
    wanted = _numbers(tables)
    for name, number in _numbers(own).items():
        if number != wanted[name]:
            raise ValueError(
                f"{name} must be {wanted[name]}, as in the discriminator's tables: "
                f"got {number}"
            )


def _numbers(encoder: Encoder) -> dict[str, int]:
    return {
        "vocabulary": encoder.word.num_embeddings,
        "embedding": encoder.word.embedding_dim,
        "positions": encoder.position.num_embeddings,
        "first_position": encoder.first_position,
        "segments": encoder.segment.num_embeddings,
    }


@dataclass
class ELECTRA:
    """The pair as it is pretrained; afterwards only the discriminator is kept."""

    generator: Generator
    discriminator: Discriminator

    @classmethod
    def build(cls, config: EncoderConfig, generator: EncoderConfig) -> "ELECTRA":
        """Both networks, with shared tables.

        Errors: ValueError for configs whose tables differ.
        """
        discriminator = Discriminator(config)
        return cls(Generator(generator, discriminator.encoder), discriminator)
