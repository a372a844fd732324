"""RoBERTa: BERT's network with another training recipe, and no sentence-pair task.

Differences from BERT (Liu et al. 2019, section 4): dynamic masking; no next-sentence
prediction, so no second segment; larger batches; a vocabulary of 50 thousand byte-level
subwords.  Training is longer, on more text (section 5).  The networks differ in their
heads, the sizes of three embedding tables, the first position and the norm's epsilon.
"""

from dataclasses import replace

from torch import Tensor, nn

from paradigms.layers import initialise
from paradigms.masks import Rule
from paradigms.models import bert
from paradigms.models.encoder import Encoder, EncoderConfig, WordHead

# Rows 0 and 1 of the position table are not used: the first token has position 2.
BASE = replace(
    bert.BASE,
    vocabulary=50265,
    positions=514,
    first_position=2,
    segments=1,
    eps=1e-5,
)
SIZES = {
    "RoBERTa base": BASE,
    "RoBERTa large": replace(BASE, width=1024, layers=24, heads=16, hidden=4096),
}


class RoBERTa(nn.Module):
    """P(masked word | all other words).

    Shapes: tokens, real (B, T) -> logits (B, T, V).  Errors: as for BERT's encoder.
    Source: Liu et al. (2019), section 4.
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.encoder = Encoder(config)
        initialise(self)
        self.mlm_head = WordHead(config, self.encoder.word)

    def forward(self, tokens: Tensor, **options: Tensor | Rule | None) -> Tensor:
        logits: Tensor = self.mlm_head(self.encoder(tokens, **options))
        return logits  # (B, T, V)
