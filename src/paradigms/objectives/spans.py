"""Objectives for an encoder-decoder: the source is damaged, the target repairs it."""

from itertools import pairwise

import torch

from paradigms.objectives.targets import check_rate


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
    check_rate(rate)
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


def _composition(total: int, parts: int, generator: torch.Generator) -> list[int]:
    """`total` as a sum of `parts` positive whole numbers, each sum equally likely."""
    cuts = torch.randperm(total - 1, generator=generator)[: parts - 1].sort().values + 1
    edges = [0, *cuts.tolist(), total]
    return [right - left for left, right in pairwise(edges)]
