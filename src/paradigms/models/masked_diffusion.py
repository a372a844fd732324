"""Masked diffusion: words turn into [MASK] one by one, and a network brings them back.

Against BERT: any share of a text may be hidden, all of it too, so that the network is a
model of whole texts, with a bound on their likelihood and a way to sample them.
Against GPT: the same network under another rule; words come back in any order.
A hidden word stays hidden until it is brought back, and then stays as it is: [MASK] is
the absorbing state.  Source: Austin et al. (2021), absorbing state; Shi et al. (2024);
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

MOST = 12  # words of a text whose bound is summed exactly: 2^12 inputs


class MaskedDiffusion(nn.Module):
    """P(hidden word | the words that are visible), for every hidden word at once.

    Shapes: tokens (B, T), [MASK] where hidden, real (B, T) False at padding ->
    log-probabilities (B, T, V) in nats.  Errors: as for GPT, or a vocabulary without
    words beyond the special tokens.  Source: Sahoo et al. (2024), section 3.
    """

    def __init__(
        self, config: GPTConfig, specials: SpecialTokens = SpecialTokens()
    ) -> None:
        least = specials.first_word + 1  # one word beyond the special tokens
        check_size(config.vocabulary, "vocabulary", least)
        super().__init__()
        self.network, self.specials = GPT(config), specials

    def forward(self, tokens: Tensor, real: Tensor | None = None) -> Tensor:
        logits = self.network(tokens, bidirectional, real)  # (B, T, V)
        return substituted(logits, tokens, self.specials)  # (B, T, V)


def substituted(
    logits: Tensor, tokens: Tensor, specials: SpecialTokens = SpecialTokens()
) -> Tensor:
    """Two things that need no learning: a word is no [MASK], and what is seen stays.

    Special tokens are never hidden, so none comes back: they get probability zero.
    Shapes: logits (B, T, V), tokens (B, T) -> log-probabilities (B, T, V) in nats.
    Errors: ValueError if the two do not fit.  Source: Sahoo et al. (2024), section 3.
    """
    check_shape(tokens, logits[..., 0], "tokens", "logits")
    words = logits.clone()
    words[..., : specials.first_word] = float("-inf")
    seen = torch.full_like(logits, float("-inf")).scatter(-1, tokens[..., None], 0.0)
    hidden = (tokens == specials.mask)[..., None]  # (B, T, 1)
    return torch.where(hidden, words.log_softmax(dim=-1), seen)  # (B, T, V)


@torch.no_grad()
def sample(
    network: Callable[..., Tensor],
    tokens: Tensor,
    steps: int,
    generator: torch.Generator,
    specials: SpecialTokens = SpecialTokens(),
    real: Tensor | None = None,
) -> Tensor:
    """Bring the hidden words back in `steps` calls, at places drawn uniformly.

    With as many steps as hidden words they come one by one, each given all before it:
    an exact sample of the model.  Words of one step are drawn independently of each
    other, which is faster and only nearly right.  Words are spread evenly over the
    steps; the papers draw how many come in each, at the same places given the number.
    Calls of the network: `steps`, or the most words hidden in a text if that is less.
    Shapes: tokens (B, T), [MASK] where hidden, real (B, T) -> (B, T).
    Errors: ValueError for another shape or steps below 1.  Source: as for the module.
    """
    check_size(steps, "steps")
    check_axes(tokens, "BT", "tokens")
    count = (tokens == specials.mask).sum(dim=1)  # (B,)
    steps = min(steps, int(count.max()))
    for left in reversed(range(steps)):
        hidden = tokens == specials.mask
        log_p = network(tokens, real=real)  # (B, T, V)
        draws = torch.rand(tokens.shape, generator=generator).masked_fill(~hidden, 2.0)
        rank = draws.argsort(dim=1).argsort(dim=1)  # hidden places first, shuffled
        back = hidden.sum(dim=1) - count * left // steps  # (B,): how many come now
        shown = rank < back[:, None]  # (B, T)
        words = torch.multinomial(log_p[shown].softmax(-1), 1, generator=generator)
        tokens = tokens.masked_scatter(shown, words[:, 0].to(tokens.dtype))
    return tokens


def bound(
    network: Callable[..., Tensor],
    text: Tensor,
    specials: SpecialTokens = SpecialTokens(),
) -> Tensor:
    """The bound on -log P(text) in nats, summed exactly over all that can be hidden.

    It is also the mean of -log P over all orders in which the words can come back.
    Hiding h of n words has the weight 1 / (h C(n, h)): the integral over t of
    t^(h-1) (1 - t)^(n-h).  `masked_diffusion` estimates the same sum by draws of t.
    Shapes: text (T,) of 1 to MOST words, special tokens apart -> a scalar.
    Errors: ValueError for any other text.  Source: Sahoo et al. (2024), section 3.
    """
    check_axes(text, "T", "text")
    places = (text >= specials.first_word).nonzero()[:, 0]  # (n,)
    count = len(places)
    if not 1 <= count <= MOST or bool((text == specials.mask).any()):
        raise ValueError(f"text must hold 1 to {MOST} words, and no [MASK]: {text}")
    choices = [c for c in product((False, True), repeat=count) if any(c)]
    hidden = torch.zeros(len(choices), len(text), dtype=torch.bool)
    hidden[:, places] = torch.tensor(choices)
    log_p = network(text.masked_fill(hidden, specials.mask))  # (2^n - 1, T, V)
    own = log_p.gather(-1, text.expand_as(hidden)[..., None])[..., 0]  # (2^n - 1, T)
    weight = [1 / (sum(c) * comb(count, sum(c))) for c in choices]
    losses = -own.masked_fill(~hidden, 0.0).sum(dim=1)  # (2^n - 1,)
    return (torch.tensor(weight, dtype=own.dtype) * losses).sum()
