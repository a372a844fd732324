"""Objectives that predict each word from those before it."""

from dataclasses import dataclass

import torch
from torch import Tensor

from paradigms._checks import check_share, check_tokens
from paradigms.data.special_tokens import IGNORE, SPECIALS, SpecialTokens


def next_token(
    tokens: Tensor, specials: SpecialTokens = SPECIALS
) -> tuple[Tensor, Tensor]:
    """Shift by one: the input starts with BOS, so that the first word is a target too.

    Shapes: tokens (B, T) -> inputs (B, T), targets (B, T); padding is not a target.
    Errors: ValueError for an empty batch, negative ids, or a row of padding alone.
    Source: Bengio et al. (2003); Radford et al. (2018), section 3.1.

    >>> inputs, targets = next_token(torch.tensor([[5, 6, 7]]))
    >>> inputs.tolist(), targets.tolist()
    ([[1, 5, 6]], [[5, 6, 7]])
    """
    check_tokens(tokens, pad=specials.pad)
    start = torch.full_like(tokens[:, :1], specials.bos)
    inputs = torch.cat([start, tokens[:, :-1]], dim=1)  # (B, T)
    return inputs, tokens.masked_fill(tokens == specials.pad, IGNORE)


def prefix(
    tokens: Tensor, lengths: Tensor, specials: SpecialTokens = SPECIALS
) -> tuple[Tensor, Tensor]:
    """As `next_token`, but the first `lengths` words are a prefix without loss.

    BOS stands before them: the rule for a prefix of n words is `prefix_lm(n + 1)`. For
    n = 0 this is `next_token` under `causal`.
    Shapes: tokens (B, T), lengths (B,) -> inputs (B, T), targets (B, T).
    Errors: ValueError for lengths of another shape, or that leave a row no target.
    Source: Raffel et al. (2020), section 3.2; Dong et al. (2019) for the mask.

    >>> inputs, targets = prefix(torch.tensor([[5, 6, 7]]), torch.tensor([2]))
    >>> inputs.tolist(), targets.tolist()
    ([[1, 5, 6]], [[-100, -100, 7]])
    """
    inputs, targets = next_token(tokens, specials)
    counts = _word_counts(tokens, specials)
    if lengths.shape != counts.shape or lengths.is_floating_point():
        raise ValueError(
            f"lengths must be whole numbers of shape ({len(tokens)},): "
            f"got {lengths.dtype} of shape {tuple(lengths.shape)}"
        )
    if bool(((lengths < 0) | (lengths >= counts)).any()):
        raise ValueError(
            f"lengths must leave a target in every row: {lengths.tolist()} of "
            f"{counts.tolist()} tokens"
        )
    in_prefix = torch.arange(tokens.shape[1]) < lengths[:, None]  # (B, T)
    return inputs, targets.masked_fill(in_prefix, IGNORE)


def draw_prefixes(
    tokens: Tensor,
    rng: torch.Generator,
    specials: SpecialTokens = SPECIALS,
) -> Tensor:
    """A uniform position to split each row, with at least a word on both sides.

    Shapes: tokens (B, T) -> (B,), from 1 to the number of words less one.
    Errors: ValueError for a row of fewer than two tokens.
    Source: Raffel et al. (2020), section 3.2.
    """
    check_tokens(tokens, pad=specials.pad)
    counts = _word_counts(tokens, specials)
    if bool((counts < 2).any()):
        raise ValueError(f"tokens: every row needs two to split: {counts.tolist()}")
    fraction = torch.rand(counts.shape, dtype=torch.float64, generator=rng)
    return 1 + (fraction * (counts - 1)).long()


def _word_counts(tokens: Tensor, specials: SpecialTokens) -> Tensor:
    return (tokens != specials.pad).sum(dim=1)  # (B,)


@dataclass(frozen=True)
class Gap:
    """The three ids that mark where prefix, suffix and middle begin."""

    prefix: int
    suffix: int
    middle: int


def move_middle(
    tokens: Tensor, start: int | Tensor, size: int | Tensor, gap: Gap
) -> Tensor:
    """PREFIX before SUFFIX after MIDDLE middle: the middle is moved to the end.

    It begins at `start` and has `size` tokens: numbers, or one for each row (N, 1).
    Shapes: tokens (N, T) -> (N, T + 3).

    >>> move_middle(torch.tensor([[5, 6, 7, 8]]), 1, 2, Gap(90, 91, 92)).tolist()
    [[90, 5, 91, 8, 92, 6, 7]]
    """
    position = torch.arange(tokens.shape[1]).expand_as(tokens)
    in_middle = (position >= start) & (position < start + size)
    # The markers have places 0, 2 and 4 in the new order, the words the odd ones.
    place = torch.where(in_middle, 5, torch.where(position < start, 1, 3))
    markers = torch.tensor([gap.prefix, gap.suffix, gap.middle]).expand(len(tokens), 3)
    marker_places = torch.arange(0, 6, 2).expand(len(tokens), 3)
    order = torch.cat([marker_places, place], dim=1).argsort(dim=1, stable=True)
    return torch.cat([markers, tokens], dim=1).gather(1, order)


def fill_in_the_middle(
    document: list[int],
    gap: Gap,
    rng: torch.Generator,
    rate: float = 0.5,
    suffix_first: float = 0.5,
    specials: SpecialTokens = SPECIALS,
) -> list[int]:
    """Split a share `rate` of documents in three, and move the middle to the end.

    PSM is PREFIX p SUFFIX s MIDDLE m. SPM is PREFIX SUFFIX s MIDDLE p m: the suffix
    comes first and the middle goes on where the prefix stops; a share `suffix_first`
    of the moved documents has that order. All end with EOS, which marks the end of
    the middle; every token stays a target of `next_token`.
    The two cuts are drawn uniformly between tokens, so that a part may be empty.
    Errors: ValueError for an empty document, for one that holds a marker or EOS, or
    for shares outside 0..1.
    Source: Bavarian et al. (2022), section 3, and 3.1 for SPM, in its second form.

    >>> gap = Gap(prefix=90, suffix=91, middle=92)
    >>> rng = torch.Generator().manual_seed(2)
    >>> fill_in_the_middle([5, 6, 7, 8], gap, rng, rate=1, suffix_first=0)
    [90, 5, 6, 91, 8, 92, 7, 2]
    """
    check_share(rate, "rate")
    check_share(suffix_first, "suffix_first")
    markers = {gap.prefix, gap.suffix, gap.middle, specials.eos}
    if len(markers) < 4:
        raise ValueError(f"gap must hold three ids beside EOS {specials.eos}: {gap}")
    if not document or markers & set(document):
        raise ValueError(
            f"document must hold words, and none of {sorted(markers)}: {document[:9]}"
        )
    move_draw, order_draw, *cuts = torch.rand(
        4, dtype=torch.float64, generator=rng
    ).tolist()
    if move_draw >= rate:
        return [*document, specials.eos]
    start, stop = sorted(int(cut * (len(document) + 1)) for cut in cuts)
    if order_draw < suffix_first:
        start = 0
    (moved,) = move_middle(torch.tensor([document]), start, stop - start, gap).tolist()
    return [*moved, specials.eos]


def restore_middle(
    tokens: list[int], gap: Gap, specials: SpecialTokens = SPECIALS
) -> list[int]:
    """Undo `fill_in_the_middle`, whichever order it chose.

    Both orders are parsed alike: in SPM the prefix is empty.
    Errors: ValueError without EOS at the end, or if the markers are not there once
    each, in the order of `Gap`.

    >>> restore_middle([90, 5, 91, 8, 92, 6, 7, 2], Gap(90, 91, 92))
    [5, 6, 7, 8]
    """
    if tokens[-1:] != [specials.eos]:
        raise ValueError(f"tokens must end with EOS {specials.eos}: {tokens[-3:]}")
    markers = [gap.prefix, gap.suffix, gap.middle]
    present = [token for token in tokens if token in markers]
    if not present:
        return tokens[:-1]
    if present != markers or tokens[0] != gap.prefix:
        raise ValueError(f"tokens must hold {markers} in this order: found {present}")
    suffix, middle = tokens.index(gap.suffix), tokens.index(gap.middle)
    return tokens[1:suffix] + tokens[middle + 1 : -1] + tokens[suffix + 1 : middle]
