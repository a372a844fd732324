"""From blanks to text: what masked models write, and what a GPT puts into a gap.

A masked `network` here is anything that is called as `network(tokens, real=...)` and
gives logits (B, T, V): a BERT, or a masked diffusion.  Only words are written, ids from
`specials.first_word` on; every function says how often the network is asked.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from paradigms.data.special_tokens import SpecialTokens
from paradigms.generation.decoding import greedy, sample
from paradigms.objectives import Gap, restore_middle

Network = Callable[..., Tensor]


def fill(
    network: Network,
    tokens: Tensor,
    specials: SpecialTokens = SpecialTokens(),
    real: Tensor | None = None,
) -> Tensor:
    """The likeliest word for each blank, each by itself: right for a single blank.

    With several blanks in a text the words need not fit each other.  One call.
    Shapes: tokens (B, T), [MASK] where blank, real (B, T) -> (B, T).
    Errors: ValueError for scores that are NaN, or those of the network.
    """
    words = _log_p(network, tokens, specials, real).argmax(dim=-1)  # (B, T)
    return torch.where(tokens == specials.mask, words, tokens)


def mask_predict(
    network: Network,
    tokens: Tensor,
    steps: int,
    specials: SpecialTokens = SpecialTokens(),
    real: Tensor | None = None,
) -> Tensor:
    """Fill all blanks at once, then hide the least certain again and again, ever fewer.

    After step t of `steps`, a share (steps - t) / steps of the words that were blanks
    is hidden, rounded down: those of the lowest probability when they were written.
    Calls: `steps`, fewer if before that no text has a word left to hide; none for
    texts without blanks.
    Shapes: tokens (B, T), [MASK] where blank, real (B, T) -> (B, T).
    Errors: ValueError for fewer than one step, or scores that are NaN.
    Source: Ghazvininejad et al. (2019), section 3.
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1: {steps}")
    blank = hidden = tokens == specials.mask  # (B, T)
    sure = torch.full(tokens.shape, float("inf"), dtype=torch.float64)
    for step in range(1, steps + 1):
        if not bool(hidden.any()):
            break
        shown = tokens.masked_fill(hidden, specials.mask)
        best = _log_p(network, shown, specials, real).max(dim=-1)
        tokens = torch.where(hidden, best.indices, tokens)
        sure = torch.where(hidden, best.values.double(), sure)
        count = blank.sum(dim=1) * (steps - step) // steps  # (B,)
        rank = sure.argsort(dim=1, stable=True).argsort(dim=1)  # least certain first
        hidden = rank < count[:, None]  # given words are surest of all: never hidden
    return tokens


def gibbs(
    network: Network,
    tokens: Tensor,
    free: Tensor,
    sweeps: int,
    generator: torch.Generator,
    specials: SpecialTokens = SpecialTokens(),
    real: Tensor | None = None,
) -> Tensor:
    """Hide one free place, draw its word given all others, go on: a Markov chain.

    A sweep visits every free place once, in an order drawn anew for each text.  If the
    network's conditionals are those of one joint distribution, this is where the chain
    ends up; a masked LM's in general belong to none.
    Calls: `sweeps` times the most free places of a text.
    Shapes: tokens (B, T), words or [MASK] where `free` (B, T), real (B, T) -> (B, T).
    Errors: ValueError for negative sweeps, `free` of another shape or kind or at a
    special token, NaN.
    Source: Wang & Cho (2019), who draw the next place uniformly.
    """
    if sweeps < 0:
        raise ValueError(f"sweeps must not be negative: {sweeps}")
    if free.shape != tokens.shape or free.dtype != torch.bool:
        raise ValueError(
            f"free must be boolean of shape {tuple(tokens.shape)}: "
            f"got {free.dtype} of shape {tuple(free.shape)}"
        )
    special = free & (tokens < specials.first_word) & (tokens != specials.mask)
    if bool(special.any()):
        row, place = special.nonzero()[0].tolist()
        raise ValueError(f"free must leave special tokens alone: row {row}, {place}")
    most = int(free.sum(dim=1).max())
    for _ in range(sweeps):
        draws = torch.rand(tokens.shape, generator=generator).masked_fill(~free, 2.0)
        rank = draws.argsort(dim=1).argsort(dim=1)  # free places first, shuffled
        for turn in range(most):
            asked = (rank == turn) & free  # one place of a text, or none
            shown = tokens.masked_fill(asked, specials.mask)
            odds = _log_p(network, shown, specials, real)[asked].exp()
            words = torch.multinomial(odds, 1, generator=generator)[:, 0]
            tokens = tokens.masked_scatter(asked, words.to(tokens.dtype))
    return tokens


def infill(
    network: Network,
    before: list[int],
    after: list[int],
    gap: Gap,
    steps: int,
    specials: SpecialTokens = SpecialTokens(),
    generator: torch.Generator | None = None,
    **options: Any,
) -> list[int]:
    """What a GPT writes between two texts, if it has learned `fill_in_the_middle`.

    It reads PREFIX before SUFFIX after MIDDLE and writes the middle up to EOS, or
    `steps` words: greedily, or sampled with a generator and the options of `sample`.
    Calls: one for each word of the middle and one for EOS, with a cache.
    Errors: ValueError for a marker inside the texts, what is not a middle (another
    marker in it), and as `decoding.sample`.  Source: Bavarian et al. (2022), section 3.
    """
    marks = {gap.prefix, gap.suffix, gap.middle, specials.eos}
    if marks & {*before, *after}:
        raise ValueError(
            f"before and after must hold none of {sorted(marks)}: {before}, {after}"
        )
    prompt = [gap.prefix, *before, gap.suffix, *after, gap.middle]
    start = torch.tensor([prompt])  # (1, T)
    if generator is None:
        found = greedy(network, start, steps, eos=specials.eos, **options)
    else:
        found = sample(network, start, steps, generator, eos=specials.eos, **options)
    text = found[0].tolist()
    if text[-1] != specials.eos:  # the steps ran out
        text.append(specials.eos)
    return restore_middle(text, gap, specials)


@torch.no_grad()
def _log_p(
    network: Network, tokens: Tensor, specials: SpecialTokens, real: Tensor | None
) -> Tensor:
    """Log-probabilities (B, T, V) of the words; special tokens have none."""
    scores = network(tokens, real=real).clone()
    if bool(scores.isnan().any()):
        raise ValueError("the network's scores hold NaN: look for NaN among weights")
    scores[..., : specials.first_word] = float("-inf")
    return scores.log_softmax(dim=-1)
