"""Denoising objectives for an encoder-decoder: corrupted source, target."""

from itertools import pairwise
from math import inf

import torch

from paradigms._checks import check_rate
from paradigms.data.special_tokens import SPECIALS, SpecialTokens


def span_corruption(
    tokens: list[int],
    sentinels: list[int],
    rng: torch.Generator,
    rate: float = 0.15,
    mean_span: float = 3.0,
    specials: SpecialTokens = SPECIALS,
) -> tuple[list[int], list[int]]:
    """Replace spans by sentinels; the target lists each sentinel with what it hides.

    Returns (source, target). The target ends with one more sentinel.
    Errors: ValueError for fewer than two tokens, a special token among them, a mean
    span below one, fewer sentinels than spans plus one, repeated or in the tokens.
    Source: Raffel et al. (2020), section 3.1.4 and figure 2; spans, section 3.3.4.

    >>> rng = torch.Generator().manual_seed(0)
    >>> span_corruption([5, 6, 7, 8, 9, 10], [98, 97, 96], rng, rate=0.5, mean_span=2)
    ([5, 6, 98, 8, 97], [98, 7, 97, 9, 10, 96])
    """
    _check_arguments(tokens, rate, mean_span, specials)
    if len(set(sentinels)) < len(sentinels) or set(sentinels) & set(tokens):
        raise ValueError("sentinels must differ from each other and from all tokens")
    noise = min(max(round(len(tokens) * rate), 1), len(tokens) - 1)
    spans = min(max(round(noise / mean_span), 1), len(tokens) - noise, noise)
    if spans + 1 > len(sentinels):
        raise ValueError(
            f"sentinels: {spans} spans need {spans + 1}, got {len(sentinels)}"
        )
    hidden_lengths = _composition(noise, spans, rng)
    visible_lengths = _composition(len(tokens) - noise, spans, rng)
    source: list[int] = []
    target: list[int] = []
    start = 0
    for sentinel, visible, hidden in zip(
        sentinels, visible_lengths, hidden_lengths, strict=False
    ):
        source += [*tokens[start : start + visible], sentinel]
        target += [sentinel, *tokens[start + visible : start + visible + hidden]]
        start += visible + hidden
    return source, [*target, sentinels[spans]]


def text_infilling(
    tokens: list[int],
    rng: torch.Generator,
    rate: float = 0.3,
    mean_span: float = 3.0,
    specials: SpecialTokens = SPECIALS,
) -> tuple[list[int], list[int]]:
    """Replace spans of Poisson length by one [MASK] each; the target is the whole text.

    A span of length zero inserts a [MASK] that hides nothing. Lengths are drawn until
    `rate` of the tokens is hidden, the last one cut to fit; positions are uniform, and
    two spans may touch. Returns (source, target); the target is the original text.
    Errors: ValueError for fewer than two tokens, a special token among them, or a mean
    span below one.
    Source: Lewis et al. (2020), section 2.2; the 30% in section 5.1.
    """
    _check_arguments(tokens, rate, mean_span, specials)
    noise = min(max(round(len(tokens) * rate), 1), len(tokens) - 1)
    lengths = _poisson_lengths(noise, mean_span, rng)
    visible = len(tokens) - noise
    # How many visible tokens precede each span; the lengths are in random order.
    positions = torch.randint(visible + 1, lengths.shape, generator=rng).sort().values
    source: list[int] = []
    start = copied = 0
    for position, length in zip(positions.tolist(), lengths.tolist(), strict=True):
        source += [*tokens[start : start + position - copied], specials.mask]
        start += position - copied + length
        copied = position
    return source + tokens[start:], list(tokens)


def restore_spans(
    source: list[int], target: list[int], sentinels: list[int]
) -> list[int]:
    """Undo `span_corruption`: put each hidden span back where its sentinel stands.

    Errors: ValueError if the target does not start with a sentinel.

    >>> restore_spans([5, 98, 8], [98, 6, 7, 97], [98, 97])
    [5, 6, 7, 8]
    """
    sentinel_ids = set(sentinels)
    if not target or target[0] not in sentinel_ids:
        raise ValueError(f"target must start with a sentinel: {target[:1]}")
    spans: dict[int, list[int]] = {}
    for token in target:
        if token in sentinel_ids:
            current = spans.setdefault(token, [])
        else:
            current.append(token)
    return [word for token in source for word in spans.get(token, [token])]


def _check_arguments(
    tokens: list[int], rate: float, mean_span: float, specials: SpecialTokens
) -> None:
    check_rate(rate)
    if len(tokens) < 2 or not 1 <= mean_span < inf:
        raise ValueError(
            f"needs two tokens and a mean_span of 1: got {len(tokens)} and {mean_span}"
        )
    if min(tokens) < specials.first_word:
        raise ValueError(
            f"tokens must be words, ids from {specials.first_word}: got {min(tokens)}; "
            "put special tokens around what comes out"
        )


def _composition(total: int, parts: int, rng: torch.Generator) -> list[int]:
    """`total` as a sum of `parts` positive integers, each sum equally likely."""
    cuts = torch.randperm(total - 1, generator=rng)[: parts - 1].sort().values + 1
    edges = [0, *cuts.tolist(), total]
    return [right - left for left, right in pairwise(edges)]


def _poisson_lengths(total: int, mean: float, rng: torch.Generator) -> torch.Tensor:
    """Poisson lengths, including zeros, the last one cut so that the sum is `total`."""
    lengths = torch.zeros(0, dtype=torch.long)
    means = torch.full((total,), float(mean))
    while int(lengths.sum()) < total:
        more = torch.poisson(means, generator=rng).long()
        lengths = torch.cat([lengths, more])
    lengths = lengths[: int((lengths.cumsum(0) < total).sum()) + 1]
    lengths[-1] -= lengths.sum() - total
    return lengths
