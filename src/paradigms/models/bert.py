"""BERT: a bidirectional encoder, pretrained on masked words and sentence pairs.

Differences from GPT-2: each position sees every other, so there is no chain rule and no
cache; segment embeddings for two sentences; post-norm; one more layer in the output
head; and the state of the first token represents the whole text.
Source: Devlin et al. (2019), sections 3 and 3.1, and appendix A.2.
"""

from dataclasses import replace

from torch import Tensor, nn

from paradigms._checks import check_size, check_states, finite
from paradigms.layers import initialise
from paradigms.masks import Rule
from paradigms.models.encoder import Encoder, EncoderConfig, WordHead

BASE = EncoderConfig()
LARGE = replace(BASE, width=1024, layers=24, heads=16, hidden=4096)
SIZES = {"BERT base": BASE, "BERT large": LARGE}


class BERT(nn.Module):
    """P(masked word | all other words), and whether one sentence follows another.

    Shapes: tokens, segments, real (B, T) -> logits (B, T, V).
    `pair` scores states (B, T, W) as sentence pairs: (B, 2), 0 for "is next".
    Errors: as for the encoder; `pair` has ValueError for states of another shape.
    Source: Devlin et al. (2019), sections 3 and 3.1.
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.encoder = Encoder(config)
        self.pooler = nn.Linear(config.width, config.width)
        self.pair_head = nn.Linear(config.width, 2)
        initialise(self)
        self.mlm_head = WordHead(config, self.encoder.word)

    def forward(self, tokens: Tensor, **options: Tensor | Rule | None) -> Tensor:
        logits: Tensor = self.mlm_head(self.encoder(tokens, **options))
        return logits  # (B, T, V)

    def pair(self, states: Tensor) -> Tensor:
        """The sentence-pair score, from the state of the first token alone."""
        check_states(states, self.pooler.in_features)
        return finite(self.pair_head(self.pooler(states[:, 0]).tanh()))  # (B, 2)


class Classifier(nn.Module):
    """BERT's encoder with a classification head: (B, T) -> (B, classes).

    Errors: as for the encoder, and ValueError for fewer than two classes: the softmax
    over one is 1 whatever the text.  Source: Devlin et al. (2019), section 3.2.
    """

    def __init__(self, config: EncoderConfig, classes: int) -> None:
        check_size(classes, "classes", minimum=2)
        super().__init__()
        self.encoder = Encoder(config)
        self.pooler = nn.Linear(config.width, config.width)
        self.label = nn.Linear(config.width, classes)
        initialise(self)

    def forward(self, tokens: Tensor, **options: Tensor | Rule | None) -> Tensor:
        states = self.encoder(tokens, **options)  # (B, T, W)
        return finite(self.label(self.pooler(states[:, 0]).tanh()))  # (B, classes)
