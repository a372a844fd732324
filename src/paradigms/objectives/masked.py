"""Objectives that hide words and predict them from both sides."""

import torch
from torch import Tensor

from paradigms.objectives.targets import IGNORE, Specials, check_rate


def masked_token(
    tokens: Tensor,
    vocabulary: int,
    generator: torch.Generator,
    rate: float = 0.15,
    specials: Specials = Specials(),
) -> tuple[Tensor, Tensor]:
    """Choose `rate` of the words; show 80% as [MASK], 10% as a random word, 10% as is.

    One draw decides between the three. Two independent draws, a frequent mistake,
    give 81/10/9 or 80/2/18. Special tokens are never chosen.
    Shapes: tokens (B, T) -> inputs (B, T), targets (B, T), IGNORE where not chosen.
    Source: Devlin et al. (2019), section 3.1.
    """
    check_rate(rate)
    if vocabulary <= specials.first_word:
        raise ValueError(
            f"vocabulary must hold words beyond its specials: {vocabulary}"
        )
    chosen = torch.rand(tokens.shape, generator=generator) < rate
    chosen &= tokens >= specials.first_word
    fate = torch.rand(tokens.shape, generator=generator)
    words = torch.randint(
        specials.first_word, vocabulary, tokens.shape, generator=generator
    )
    inputs = tokens.masked_fill(chosen & (fate < 0.8), specials.mask)
    inputs = torch.where(chosen & (fate >= 0.8) & (fate < 0.9), words, inputs)
    return inputs, tokens.masked_fill(~chosen, IGNORE)
