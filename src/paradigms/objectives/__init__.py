"""Training objectives: what a network is shown, and what it must predict.

An objective turns data into inputs and targets; it never sees how a network is built.
A target of IGNORE is not part of the loss.
"""

from paradigms.objectives.generators import (
    diffusion_bound,
    elbo,
    game_value,
    generator_loss,
    simple_loss,
)
from paradigms.objectives.left_to_right import next_token
from paradigms.objectives.masked import masked_token
from paradigms.objectives.spans import restore_spans, span_corruption
from paradigms.objectives.targets import IGNORE, Specials, cross_entropy

__all__ = [
    "IGNORE",
    "Specials",
    "cross_entropy",
    "diffusion_bound",
    "elbo",
    "game_value",
    "generator_loss",
    "masked_token",
    "next_token",
    "restore_spans",
    "simple_loss",
    "span_corruption",
]
