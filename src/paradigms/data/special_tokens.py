"""Ids of special tokens, and the target that losses ignore."""

from dataclasses import dataclass

IGNORE = -100  # the default ignore_index of torch.nn.functional.cross_entropy


@dataclass(frozen=True)
class SpecialTokens:
    """Ids of special tokens; the vocabulary's words start at `first_word`.

    Sentinels, where an objective needs them, are the last ids of the vocabulary.
    """

    pad: int = 0
    bos: int = 1
    eos: int = 2
    mask: int = 3
    first_word: int = 4


SPECIALS = SpecialTokens()  # of all data and networks but those of pixels
