"""Ids with a meaning of their own, and the target that no loss counts."""

from dataclasses import dataclass

IGNORE = -100  # the value that torch.nn.functional.cross_entropy leaves out


@dataclass(frozen=True)
class SpecialTokens:
    """Ids with a meaning of their own; the vocabulary's words start at `first_word`.

    Sentinels, where an objective wants them, are the last ids of the vocabulary.
    """

    pad: int = 0
    bos: int = 1
    eos: int = 2
    mask: int = 3
    first_word: int = 4
