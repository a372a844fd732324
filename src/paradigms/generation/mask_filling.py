"""Filling masked words with masked models, and infilling with a GPT.

A masked `network` is any callable `network(tokens, real=...)` that returns logits
(B, T, V): a BERT, or a masked diffusion.  Only words are predicted, ids from
`specials.first_word` on; every function states its number of network calls.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from paradigms.data.special_tokens import SpecialTokens
from paradigms.generation.decoding import Strategy, generate, most_likely
from paradigms.objectives import Gap, restore_middle

Network = Callable[..., Tensor]


def fill(
    network: Network,
    tokens: Tensor,
    specials: SpecialTokens = SpecialTokens(),
    real: Tensor | None = None,
) -> Tensor:
    """The most likely word for each [MASK], independently: exact for a single one.

    With several in a text the words may be inconsistent.  One call.
    Shapes: tokens (B, T) with [MASK], real (B, T) -> (B, T).
    Errors: ValueError for logits that are NaN, or those of the network.

    >>> def say_six(tokens, **_):  # the same word everywhere
    ...     return torch.eye(9)[torch.full_like(tokens, 6)]
    >>> fill(say_six, torch.tensor([[5, 3, 7, 3]])).tolist()
    [[5, 6, 7, 6]]
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
    """Predict all masked words, then mask the least certain again, ever fewer.

    After step t of `steps`, a share (steps - t) / steps of the predicted words is
    masked, rounded down: those with the lowest probability when they were predicted.
    Calls: `steps`, fewer if before that no text has a word left to mask; none for
    texts without [MASK].
    Shapes: tokens (B, T) with [MASK], real (B, T) -> (B, T).
    Errors: ValueError for fewer than one step, or logits that are NaN.
    Source: Ghazvininejad et al. (2019), section 3.

    >>> def say_six(tokens, **_):
    ...     return torch.eye(9)[torch.full_like(tokens, 6)]
    >>> mask_predict(say_six, torch.tensor([[5, 3, 7, 3]]), steps=2).tolist()
    [[5, 6, 7, 6]]
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1: {steps}")
    masked = hidden = tokens == specials.mask  # (B, T)
    log_p = torch.full(tokens.shape, float("inf"), dtype=torch.float64)
    for step in range(1, steps + 1):
        if not bool(hidden.any()):
            break
        inputs = tokens.masked_fill(hidden, specials.mask)
        predictions = _log_p(network, inputs, specials, real).max(dim=-1)
        tokens = torch.where(hidden, predictions.indices, tokens)
        log_p = torch.where(hidden, predictions.values.double(), log_p)
        count = masked.sum(dim=1) * (steps - step) // steps  # (B,)
        rank = log_p.argsort(dim=1, stable=True).argsort(dim=1)  # least certain first
        hidden = rank < count[:, None]  # unmasked words have log_p inf: never hidden
    return tokens


def gibbs(
    network: Network,
    tokens: Tensor,
    free: Tensor,
    sweeps: int,
    rng: torch.Generator,
    specials: SpecialTokens = SpecialTokens(),
    real: Tensor | None = None,
) -> Tensor:
    """Gibbs sampling: resample one free position at a time given all others.

    A sweep visits every free position once, in a random order for each text.  If the
    network's conditionals are those of one joint distribution, the chain converges to
    it; a masked LM's in general are not.
    Calls: `sweeps` times the most free positions of a text.
    Shapes: tokens (B, T), words or [MASK] where `free` (B, T), real (B, T) -> (B, T).
    Errors: ValueError for negative sweeps, `free` of another shape or dtype or at a
    special token, NaN.
    Source: Wang & Cho (2019), who draw the next position uniformly.

    >>> def only_six(tokens, **_):  # impossible elsewhere: nothing to draw
    ...     return torch.eye(9)[torch.full_like(tokens, 6)].log()
    >>> tokens, free = torch.tensor([[5, 3, 7]]), torch.tensor([[False, True, False]])
    >>> gibbs(only_six, tokens, free, sweeps=1, rng=torch.Generator()).tolist()
    [[5, 6, 7]]
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
        row, column = special.nonzero()[0].tolist()
        raise ValueError(f"free must leave special tokens alone: row {row}, {column}")
    max_free = int(free.sum(dim=1).max())
    for _ in range(sweeps):
        draws = torch.rand(tokens.shape, generator=rng).masked_fill(~free, 2.0)
        rank = draws.argsort(dim=1).argsort(dim=1)  # free positions first, shuffled
        for turn in range(max_free):
            current = (rank == turn) & free  # at most one position of a text
            inputs = tokens.masked_fill(current, specials.mask)
            probabilities = _log_p(network, inputs, specials, real)[current].exp()
            words = torch.multinomial(probabilities, 1, generator=rng)[:, 0]
            tokens = tokens.masked_scatter(current, words.to(tokens.dtype))
    return tokens


def infill(
    network: Network,
    prefix: list[int],
    suffix: list[int],
    gap: Gap,
    steps: int,
    specials: SpecialTokens = SpecialTokens(),
    strategy: Strategy = most_likely,
) -> list[int]:
    """The middle between two texts, by a GPT trained on `fill_in_the_middle`.

    The prompt is PREFIX prefix SUFFIX suffix MIDDLE; the GPT continues up to EOS, or
    `steps` words, chosen by the strategy: `most_likely`, or a `Sampling`.
    Calls: one for each word of the middle and one for EOS, with a cache.
    Errors: ValueError for a marker in the texts or in the generated middle, and as
    `decoding.generate`.  Source: Bavarian et al. (2022), section 3.
    """
    markers = {gap.prefix, gap.suffix, gap.middle, specials.eos}
    if markers & {*prefix, *suffix}:
        raise ValueError(
            f"prefix and suffix must hold none of {sorted(markers)}: {prefix}, {suffix}"
        )
    prompt = [gap.prefix, *prefix, gap.suffix, *suffix, gap.middle]
    tokens = torch.tensor([prompt])  # (1, T)
    output = generate(network, tokens, steps, strategy, eos=specials.eos)
    text = output[0].tolist()
    if text[-1] != specials.eos:  # the steps ran out
        text.append(specials.eos)
    return restore_middle(text, gap, specials)


@torch.no_grad()
def _log_p(
    network: Network, tokens: Tensor, specials: SpecialTokens, real: Tensor | None
) -> Tensor:
    """Log-probabilities (B, T, V) of the words; -inf for special tokens."""
    scores = network(tokens, real=real).clone()
    if bool(scores.isnan().any()):
        raise ValueError("the network's scores hold NaN: look for NaN among weights")
    scores[..., : specials.first_word] = float("-inf")
    return scores.log_softmax(dim=-1)
