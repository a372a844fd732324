"""What a model of an infilling experiment gets to see."""

from collections.abc import Callable
from typing import Any

import torch

from paradigms.data.special_tokens import SPECIALS
from paradigms.experiments.fill_and_continue import Prompt

FIRST = SPECIALS.first_word


def check_inputs(
    next_logits: Callable[..., Any], config: Any, *, has_suffix: bool, reads_it: bool
) -> None:
    """The prefix is in the inputs, the suffix if the model reads it, the gap never."""
    calls = []

    def network(*inputs):
        tokens = torch.cat([i for i in inputs if isinstance(i, torch.Tensor)], dim=1)
        calls.append(tokens)
        return torch.zeros(*inputs[0].shape, 20)

    text = torch.arange(FIRST, FIRST + config.length)[None]  # all tokens differ
    stop = config.start + config.gap
    prefix, gap, suffix = text.tensor_split((config.start, stop), dim=1)
    after = suffix if has_suffix else None
    vocabulary = FIRST + config.length
    prompt = Prompt(prefix, after, config.start, config.length, vocabulary)
    next_logits(network, prompt)
    visible = set(calls[0].flatten().tolist())
    assert set(prefix[0].tolist()) <= visible
    assert not visible & set(gap[0].tolist())
    words = set(suffix[0].tolist())
    assert words <= visible if reads_it else not words & visible
