"""Training objectives: what a network is shown, and what it must predict.

An objective turns tokens into inputs and targets; it never sees a network.
A target of IGNORE is not part of the loss.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
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
    _check_rate(rate)
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


def span_corruption(
    tokens: list[int],
    sentinels: list[int],
    generator: torch.Generator,
    rate: float = 0.15,
    mean_span: float = 3.0,
) -> tuple[list[int], list[int]]:
    """Replace spans by sentinels; the target lists each sentinel with what it hides.

    Returns (source, target). The target ends with one more sentinel.
    Errors: ValueError for fewer than two tokens, a mean span below one, or fewer
    sentinels than spans plus one.
    Source: Raffel et al. (2020), section 3.1.4 and figure 2.
    """
    _check_rate(rate)
    if len(tokens) < 2 or mean_span < 1:
        raise ValueError(
            f"needs two tokens and a mean_span of 1: got {len(tokens)} and {mean_span}"
        )
    noise = min(max(round(len(tokens) * rate), 1), len(tokens) - 1)
    spans = min(max(round(noise / mean_span), 1), len(tokens) - noise, noise)
    if spans + 1 > len(sentinels):
        raise ValueError(
            f"sentinels: {spans} spans need {spans + 1}, got {len(sentinels)}"
        )
    hidden = _composition(noise, spans, generator)
    shown = _composition(len(tokens) - noise, spans, generator)
    source: list[int] = []
    target: list[int] = []
    start = 0
    for sentinel, kept, lost in zip(sentinels, shown, hidden, strict=False):
        source += [*tokens[start : start + kept], sentinel]
        target += [sentinel, *tokens[start + kept : start + kept + lost]]
        start += kept + lost
    return source, [*target, sentinels[spans]]


def restore_spans(
    source: list[int], target: list[int], sentinels: list[int]
) -> list[int]:
    """Undo `span_corruption`: put each hidden span back where its sentinel stands.

    Errors: ValueError if the target does not start with a sentinel.
    """
    marks = set(sentinels)
    if not target or target[0] not in marks:
        raise ValueError(f"target must start with a sentinel: {target[:1]}")
    spans: dict[int, list[int]] = {}
    for token in target:
        if token in marks:
            current = spans.setdefault(token, [])
        else:
            current.append(token)
    return [word for token in source for word in spans.get(token, [token])]


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """The mean loss in nats over the positions whose target is not IGNORE.

    Shapes: logits (B, T, V), targets (B, T) -> a scalar.
    Errors: ValueError if every target is to be ignored: the mean would be NaN.
    """
    if bool((targets == IGNORE).all()):
        raise ValueError(f"targets are all {IGNORE} (ignored): nothing to learn from")
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORE)


def _composition(total: int, parts: int, generator: torch.Generator) -> list[int]:
    """`total` as a sum of `parts` positive whole numbers, each sum equally likely."""
    cuts = torch.randperm(total - 1, generator=generator)[: parts - 1].sort().values + 1
    edges = [0, *cuts.tolist(), total]
    return [right - left for left, right in pairwise(edges)]


def _check_rate(rate: float) -> None:
    if not 0 < rate < 1:
        raise ValueError(f"rate must lie between 0 and 1: {rate}")
