"""What all objectives share: ids with a meaning, ignored targets, the loss itself."""

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional as F

IGNORE = -100  # the value that torch.nn.functional.cross_entropy leaves out


@dataclass(frozen=True)
class Specials:
    """Ids with a meaning of their own; the vocabulary's words start at `first_word`.

    Sentinels, where an objective wants them, are the last ids of the vocabulary.
    """

    pad: int = 0
    bos: int = 1
    eos: int = 2
    mask: int = 3
    first_word: int = 4


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """The mean loss in nats over the positions whose target is not IGNORE.

    Shapes: logits (B, T, V), targets (B, T) -> a scalar.
    Errors: ValueError if every target is to be ignored: the mean would be NaN.
    """
    if bool((targets == IGNORE).all()):
        raise ValueError(f"targets are all {IGNORE} (ignored): nothing to learn from")
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORE)


def check_rate(rate: float) -> None:
    """Errors: ValueError unless the rate lies strictly between 0 and 1."""
    if not 0 < rate < 1:
        raise ValueError(f"rate must lie between 0 and 1: {rate}")
