"""Masked diffusion: words are masked one by one, and a network predicts them.

Differences from BERT: any share of a text may be masked, even all of it, so that the
network models whole texts, with a bound on their likelihood and a sampler.
Difference from GPT: the same network under another rule; words come in any order.
A masked word stays masked until it is sampled, and then does not change: [MASK] is the
absorbing state.  Source: Austin et al. (2021), absorbing state; Shi et al. (2024);
Sahoo et al. (2024), section 3.
"""

from collections.abc import Callable
from itertools import product
from math import comb

import torch
from torch import Tensor, nn

from paradigms._checks import check_axes, check_shape, check_size
from paradigms.data.special_tokens import SpecialTokens
from paradigms.masks import bidirectional
from paradigms.models.gpt import GPT, GPTConfig

MOST = 12  # words of a text for the exact bound: a sum over 2^12 inputs


class MaskedDiffusion(nn.Module):
    """P(masked word | visible words), for all masked words at once.

    Shapes: tokens (B, T), [MASK] where masked, real (B, T) False at padding ->
    log-probabilities (B, T, V) in nats.  Errors: as for GPT, or a vocabulary without
    words beyond the special tokens.  Source: Sahoo et al. (2024), section 3.
    """

    def __init__(
        self, config: GPTConfig, specials: SpecialTokens = SpecialTokens()
    ) -> None:
        minimum = specials.first_word + 1  # one word beyond the special tokens
        check_size(config.vocabulary, "vocabulary", minimum)
        super().__init__()
        self.network, self.specials = GPT(config), specials

    def forward(self, tokens: Tensor, real: Tensor | None = None) -> Tensor:
        logits = self.network(tokens, bidirectional, real)  # (B, T, V)
        return substitute_visible(logits, tokens, self.specials)  # (B, T, V)


def substitute_visible(
    logits: Tensor, tokens: Tensor, specials: SpecialTokens = SpecialTokens()
) -> Tensor:
    """SUBS parameterisation: [MASK] is never predicted, visible words are copied.

    Special tokens are never masked, so they get probability zero.
    Shapes: logits (B, T, V), tokens (B, T) -> log-probabilities (B, T, V) in nats.
    Errors: ValueError if the two do not fit.  Source: Sahoo et al. (2024), section 3.
    """
    check_shape(tokens, logits[..., 0], "tokens", "logits")
    words = logits.clone()
    words[..., : specials.first_word] = float("-inf")
    copied = torch.full_like(logits, float("-inf")).scatter(-1, tokens[..., None], 0.0)
    hidden = (tokens == specials.mask)[..., None]  # (B, T, 1)
    return torch.where(hidden, words.log_softmax(dim=-1), copied)  # (B, T, V)


@torch.no_grad()
def sample(
    network: Callable[..., Tensor],
    tokens: Tensor,
    steps: int,
    rng: torch.Generator,
    specials: SpecialTokens = SpecialTokens(),
    real: Tensor | None = None,
) -> Tensor:
    """Sample the masked words in `steps` calls, at positions drawn uniformly.

    With as many steps as masked words, one is sampled at a time, given all before it:
    an exact sample of the model.  Words of one step are sampled independently of each
    other, which is faster but approximate.  Words are spread evenly over the steps; the
    papers draw the number of each step, with the same positions given the number.
    Calls of the network: `steps`, or the most masked words of a text if that is less.
    Shapes: tokens (B, T), [MASK] where masked, real (B, T) -> (B, T).
    Errors: ValueError for another shape or steps below 1.  Source: as for the module.
    """
    check_size(steps, "steps")
    check_axes(tokens, "BT", "tokens")
    total = (tokens == specials.mask).sum(dim=1)  # (B,)
    steps = min(steps, int(total.max()))
    for remaining in reversed(range(steps)):
        hidden = tokens == specials.mask
        log_p = network(tokens, real=real)  # (B, T, V)
        draws = torch.rand(tokens.shape, generator=rng).masked_fill(~hidden, 2.0)
        rank = draws.argsort(dim=1).argsort(dim=1)  # masked positions first, shuffled
        quota = hidden.sum(dim=1) - total * remaining // steps  # (B,)
        unmasked = rank < quota[:, None]  # (B, T)
        words = torch.multinomial(log_p[unmasked].softmax(-1), 1, generator=rng)
        tokens = tokens.masked_scatter(unmasked, words[:, 0].to(tokens.dtype))
    return tokens


def bound(
    network: Callable[..., Tensor],
    text: Tensor,
    specials: SpecialTokens = SpecialTokens(),
) -> Tensor:
    """The bound on -log P(text) in nats, summed exactly over all masks.

    It is also the mean of -log P over all orders in which the words can be sampled.
    Masking h of n words has the weight 1 / (h C(n, h)): the integral over t of
    t^(h-1) (1 - t)^(n-h).  `masked_diffusion` estimates the same sum by draws of t.
    Shapes: text (T,) of 1 to MOST words, not counting special tokens -> a scalar.
    Errors: ValueError for any other text.  Source: Sahoo et al. (2024), section 3.
    """
    check_axes(text, "T", "text")
    positions = (text >= specials.first_word).nonzero()[:, 0]  # (n,)
    count = len(positions)
    if not 1 <= count <= MOST or bool((text == specials.mask).any()):
        raise ValueError(f"text must hold 1 to {MOST} words, and no [MASK]: {text}")
    masks = [mask for mask in product((False, True), repeat=count) if any(mask)]
    hidden = torch.zeros(len(masks), len(text), dtype=torch.bool)
    hidden[:, positions] = torch.tensor(masks)
    log_p = network(text.masked_fill(hidden, specials.mask))  # (2^n - 1, T, V)
    # Of each word under each mask: (2^n - 1, T).
    target_log_p = log_p.gather(-1, text.expand_as(hidden)[..., None])[..., 0]
    weights = [1 / (sum(mask) * comb(count, sum(mask))) for mask in masks]
    losses = -target_log_p.masked_fill(~hidden, 0.0).sum(dim=1)  # (2^n - 1,)
    return (torch.tensor(weights, dtype=target_log_p.dtype) * losses).sum()
