"""Training objectives: inputs and targets from data, and losses.

An objective does not depend on how a network is built.
A target of IGNORE is not part of the loss.
"""

from paradigms.data.special_tokens import IGNORE, SpecialTokens
from paradigms.objectives.autoregressive import (
    Gap,
    draw_prefixes,
    fill_in_the_middle,
    move_middle,
    next_token,
    prefix,
    restore_middle,
)
from paradigms.objectives.generative import (
    diffusion_bound,
    elbo,
    game_value,
    generator_loss,
    simple_loss,
)
from paradigms.objectives.losses import (
    binary_cross_entropy,
    cross_entropy,
    summed_cross_entropy,
    weighted_cross_entropy,
)
from paradigms.objectives.masked import (
    masked_diffusion,
    masked_token,
    replaced_token,
    static_mask,
    whole_word,
)
from paradigms.objectives.sentence_pairs import (
    Pair,
    next_sentence,
    sentence_order,
    sentence_permutation,
)
from paradigms.objectives.spans import restore_spans, span_corruption, text_infilling

__all__ = [
    "IGNORE",
    "Gap",
    "Pair",
    "SpecialTokens",
    "binary_cross_entropy",
    "cross_entropy",
    "diffusion_bound",
    "draw_prefixes",
    "elbo",
    "fill_in_the_middle",
    "game_value",
    "generator_loss",
    "masked_diffusion",
    "masked_token",
    "move_middle",
    "next_sentence",
    "next_token",
    "prefix",
    "replaced_token",
    "restore_middle",
    "restore_spans",
    "sentence_order",
    "sentence_permutation",
    "simple_loss",
    "span_corruption",
    "static_mask",
    "summed_cross_entropy",
    "text_infilling",
    "weighted_cross_entropy",
    "whole_word",
]
