"""Objectives that predict each word from those before it."""

import torch
from torch import Tensor

from paradigms.objectives.targets import IGNORE, Specials


def next_token(
    tokens: Tensor, specials: Specials = Specials()
) -> tuple[Tensor, Tensor]:
    """Shift by one: the input starts with BOS, so that the first word is a target too.

    Shapes: tokens (B, T) -> inputs (B, T), targets (B, T); padding is not a target.
    Source: Bengio et al. (2003); Radford et al. (2018), section 3.1.
    """
    start = torch.full_like(tokens[:, :1], specials.bos)
    inputs = torch.cat([start, tokens[:, :-1]], dim=1)  # (B, T)
    return inputs, tokens.masked_fill(tokens == specials.pad, IGNORE)
