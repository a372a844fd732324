"""Decoding: greedy and sampling, with a key-value cache.

A `network` is a GPT, a LLaMA, `as_decoder(t5, source)`, or any callable
`network(tokens, real=..., cache=...)` that returns logits (B, T, V).
Prompts of unequal length are padded on the left, with `real` False there.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from paradigms._checks import check_size, finite
from paradigms.data.markov_language import FIRST
from paradigms.layers import Cache
from paradigms.models.encoder_decoder import EncoderDecoder

Network = Callable[..., Tensor]
Strategy = Callable[[Tensor], Tensor]  # scores (B, V) -> the next tokens (B,)
ROUNDING = 1e-6  # of a sum of probabilities whose logits have single precision


def most_likely(scores: Tensor) -> Tensor:
    """The strategy of `greedy`: scores (B, V) -> the next tokens (B,)."""
    return scores.argmax(dim=-1)


@dataclass(frozen=True)
class Sampling:
    """The strategy of `sample`; the last three parameters are those of `warp_logits`.

    Shapes: scores (B, V) -> the next tokens (B,).
    """

    rng: torch.Generator
    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None

    def __call__(self, scores: Tensor) -> Tensor:
        logits = warp_logits(scores, self.temperature, self.top_k, self.top_p)
        return torch.multinomial(logits.softmax(dim=-1), 1, generator=self.rng)[:, 0]


def as_decoder(
    network: EncoderDecoder, source: Tensor, source_real: Tensor | None = None
) -> Network:
    """An encoder-decoder with its encoded source, as a network for decoding.

    Shapes: source and source_real (B, S), the latter False at padding.
    """
    memory = network.encode(source, source_real)  # (B, S, W)

    def decode(
        tokens: Tensor, real: Tensor | None = None, cache: Cache | None = None
    ) -> Tensor:
        return network.decode(tokens, memory, source_real, real, cache)

    return decode


@torch.no_grad()
def generate(
    network: Network,
    prompt: Tensor,
    steps: int,
    strategy: Strategy,
    eos: int | None = None,
    pad: int = 0,
    real: Tensor | None = None,
    cached: bool = True,
) -> Tensor:
    """Append up to `steps` tokens to each prompt; stop when all have ended.

    Shapes: prompt (B, T), real (B, T) -> (B, T + up to `steps`), `pad` after `eos`.
    Errors: ValueError for a negative number of steps, a prompt that ends in padding, or
    scores that are not finite.
    """
    check_prompt(prompt, steps, real)
    cache = Cache() if cached else None
    text, new = prompt, prompt
    ended = torch.zeros(len(prompt), dtype=torch.bool, device=prompt.device)
    for _ in range(steps):
        logits = network(new if cached else text, real=real, cache=cache)
        token = strategy(finite(logits[:, -1], "the next word's scores"))  # (B,)
        if eos is not None:
            token = token.masked_fill(ended, pad)
            ended = ended | (token == eos)
        new = token[:, None]  # the next input with a cache
        text = torch.cat([text, new], dim=1)
        if real is not None:
            real = F.pad(real, (0, 1), value=True)
        if eos is not None and bool(ended.all()):
            break
    return text


def greedy(
    network: Network,
    prompt: Tensor,
    steps: int,
    eos: int | None = None,
    pad: int = 0,
    real: Tensor | None = None,
    cached: bool = True,
) -> Tensor:
    """The most likely token at each step; parameters and errors as for `generate`.

    >>> def count(tokens, **_):  # each token is followed by the next number
    ...     return torch.eye(9)[(tokens + 1) % 9]
    >>> greedy(count, torch.tensor([[1, 2]]), steps=3).tolist()
    [[1, 2, 3, 4, 5]]
    >>> greedy(count, torch.tensor([[1, 2]]), steps=3, eos=4).tolist()
    [[1, 2, 3, 4]]
    """
    return generate(network, prompt, steps, most_likely, eos, pad, real, cached)


def sample(
    network: Network,
    prompt: Tensor,
    steps: int,
    rng: torch.Generator,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    eos: int | None = None,
    pad: int = 0,
    real: Tensor | None = None,
    cached: bool = True,
) -> Tensor:
    """Draw each next token from the scores that `warp_logits` leaves.

    The other parameters and errors are those of `generate`.

    >>> def count(tokens, **_):
    ...     return torch.eye(9)[(tokens + 1) % 9]
    >>> rng = torch.Generator().manual_seed(0)
    >>> sample(count, torch.tensor([[1, 2]]), steps=3, rng=rng, top_k=1).tolist()
    [[1, 2, 3, 4, 5]]
    """
    draw = Sampling(rng, temperature, top_k, top_p)
    return generate(network, prompt, steps, draw, eos, pad, real, cached)


def warp_logits(
    scores: Tensor,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> Tensor:
    """Logits (B, V) minus the highest, over the temperature; -inf where filtered.

    top_k keeps the k highest, with ties of the last; then top_p keeps the fewest whose
    probabilities sum to at least p.
    Errors: ValueError for a temperature or k that is not positive, p outside (0, 1].
    Source: top-k, Fan et al. (2018), section 5.4; top-p, Holtzman et al. (2020), 3.1.

    >>> warp_logits(torch.tensor([[2.0, 1.0, 0.0]]), top_k=2).isfinite().tolist()
    [[True, True, False]]
    """
    if not 0 < temperature < float("inf"):
        raise ValueError(
            f"temperature must be positive and finite (greedy is 0): {temperature}"
        )
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k must be at least 1: {top_k}")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"top_p must lie above 0 and up to 1: {top_p}")
    highest = scores.amax(dim=-1, keepdim=True)  # (B, 1)
    # Highest at zero, no division by a temperature of zero: the limit is greedy.
    logits = (scores - highest) / max(temperature, torch.finfo(scores.dtype).tiny)
    if top_k is not None:
        threshold = scores.topk(min(top_k, scores.shape[-1])).values[..., -1:]  # (B, 1)
        logits = logits.masked_fill(scores < threshold, float("-inf"))
    if top_p is not None and top_p < 1:  # at 1, rounding would drop unlikely words
        order = scores.argsort(dim=-1, descending=True)  # (B, V)
        # A running sum in half precision would stop growing.
        probabilities = logits.gather(-1, order).double().softmax(dim=-1)
        mass_before = F.pad(probabilities.cumsum(dim=-1)[..., :-1], (1, 0))  # (B, V)
        beyond = mass_before >= top_p - ROUNDING
        beyond[..., 0] = False  # the likeliest stays, however small p is
        logits = logits.masked_fill(beyond.scatter(-1, order, beyond), float("-inf"))
    return logits


def check_prompt(prompt: Tensor, steps: int, real: Tensor | None) -> None:
    """Errors: ValueError for negative steps, or a prompt that ends in padding."""
    check_size(steps, "steps", minimum=0)
    if real is None or real.shape != prompt.shape:  # the network checks the shape
        return
    padding = real[:, -1:].logical_not().flatten()  # (B,): where padding comes last
    if bool(padding.any()):
        row = int(padding.int().argmax())
        raise ValueError(f"real: row {row} ends in padding: pad prompts on the left")


def without_special_tokens(network: Network) -> Callable[..., Tensor]:
    """The network with the scores of special tokens masked out."""

    def scores(
        tokens: Tensor, real: Tensor | None = None, cache: Cache | None = None
    ) -> Tensor:
        logits: Tensor = network(tokens, real=real, cache=cache).clone()
        logits[..., :FIRST] = -1e9
        return logits

    return scores
