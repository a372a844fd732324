"""ALBERT: BERT with one block shared by all layers, and factorised embeddings.

Differences from BERT (Lan et al. 2020, section 3.1): all layers share one block; the
embedding is a V x E table and an E x W matrix, not V x W; sentence order replaces
next-sentence prediction.  There are fewer parameters, but not fewer operations: the
block still runs once per layer.
"""

from dataclasses import replace

from paradigms.layers import gelu_tanh
from paradigms.models import bert
from paradigms.models.bert import BERT
from paradigms.models.encoder import EncoderConfig

BASE = replace(
    bert.BASE,
    vocabulary=30000,
    embedding=128,
    shared=True,
    activation=gelu_tanh,
)
SIZES = {
    "ALBERT base": BASE,
    "ALBERT large": replace(BASE, width=1024, layers=24, heads=16, hidden=4096),
}


class ALBERT(BERT):
    """P(masked word | all other words), and whether two sentences were swapped.

    Shapes: tokens, segments, real (B, T) -> logits (B, T, V).
    `pair` scores states (B, T, W): (B, 2), 1 for "swapped".
    Errors: as for BERT, and ValueError for a config without a shared block or
    `embedding` width.  Source: Lan et al. (2020), section 3.1.
    """

    def __init__(self, config: EncoderConfig) -> None:
        if not config.shared or config.embedding is None:
            raise ValueError(
                "config must share its block and name an embedding width: "
                f"got shared={config.shared}, embedding={config.embedding}"
            )
        super().__init__(config)
