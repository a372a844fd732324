"""From scores to text: greedy, sampled, by beams, all with a cache.

A `network` here is a GPT, a LLaMA, `writer(t5, source)`, or anything that is called as
`network(tokens, real=..., cache=...)` and gives logits (B, T, V).
Prompts of unequal length are padded on the left, with `real` False there.
"""

from collections.abc import Callable, Sequence
from functools import partial
from math import isfinite
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from paradigms.layers import Cache, finite
from paradigms.layers.checks import check_size

Network = Callable[..., Tensor]
Choice = Callable[[Tensor], Tensor]  # scores (B, V) -> the next tokens (B,)


def writer(network: Any, source: Tensor, source_real: Tensor | None = None) -> Network:
    """An encoder-decoder that has read its source, ready to write.

    Shapes: source and source_real (B, S), the latter False at padding.
    """
    memory = network.encode(source, source_real)  # (B, S, W)

    def write(
        tokens: Tensor, real: Tensor | None = None, cache: Cache | None = None
    ) -> Tensor:
        return network.decode(tokens, memory, source_real, real, cache)

    return write


@torch.no_grad()
def extend(
    network: Network,
    prompt: Tensor,
    steps: int,
    choose: Choice,
    eos: int | None = None,
    pad: int = 0,
    real: Tensor | None = None,
    cached: bool = True,
) -> Tensor:
    """Append up to `steps` chosen tokens to each prompt; stop when all have ended.

    Shapes: prompt (B, T), real (B, T) -> (B, T + up to `steps`), `pad` after `eos`.
    Errors: ValueError for a negative number of steps, a prompt that ends in padding, or
    scores that are not finite.
    """
    _check(prompt, steps, real)
    cache = Cache() if cached else None
    text, new = prompt, prompt
    ended = torch.zeros(len(prompt), dtype=torch.bool, device=prompt.device)
    for _ in range(steps):
        logits = network(new if cached else text, real=real, cache=cache)
        token = choose(finite(logits[:, -1], "the next word's scores"))  # (B,)
        if eos is not None:
            token = token.masked_fill(ended, pad)
            ended = ended | (token == eos)
        new = token[:, None]  # with a cache, only this is read next
        text = torch.cat([text, new], dim=1)
        if real is not None:
            real = F.pad(real, (0, 1), value=True)
        if eos is not None and bool(ended.all()):
            break
    return text


def greedy(network: Network, prompt: Tensor, steps: int, **options: Any) -> Tensor:
    """Always the likeliest next token; options of `extend`."""
    return extend(network, prompt, steps, partial(torch.argmax, dim=-1), **options)


def sample(
    network: Network,
    prompt: Tensor,
    steps: int,
    generator: torch.Generator,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    **options: Any,
) -> Tensor:
    """Draw each next token from the filtered distribution; options of `extend`."""

    def choose(scores: Tensor) -> Tensor:
        kept = filtered(scores, temperature, top_k, top_p)
        return torch.multinomial(kept.softmax(dim=-1), 1, generator=generator)[:, 0]

    return extend(network, prompt, steps, choose, **options)


def filtered(
    scores: Tensor,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> Tensor:
    """Scores (B, V) below the highest, over the temperature; -inf for what is cut off.

    top_k keeps the k highest, and those equal to the last of them; then top_p the
    fewest whose probabilities reach p together.
    Errors: ValueError for a temperature or k that is not positive, p outside (0, 1].
    Source: top-k, Fan et al. (2018), section 5.4; top-p, Holtzman et al. (2020), 3.1.
    """
    if not 0 < temperature < float("inf"):
        raise ValueError(
            f"temperature must be positive and finite (greedy is 0): {temperature}"
        )
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k must be at least 1: {top_k}")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"top_p must lie above 0 and up to 1: {top_p}")
    best = scores.amax(dim=-1, keepdim=True)  # (B, 1)
    # The best at zero, and no division by what rounds to zero: greedy is the limit.
    warm = (scores - best) / max(temperature, torch.finfo(scores.dtype).tiny)
    if top_k is not None:
        least = scores.topk(min(top_k, scores.shape[-1])).values[..., -1:]  # (B, 1)
        warm = warm.masked_fill(scores < least, float("-inf"))
    if top_p is not None and top_p < 1:  # at 1, rounding would drop unlikely words
        order = scores.argsort(dim=-1, descending=True)  # (B, V)
        share = warm.gather(-1, order).softmax(dim=-1)
        before = share.cumsum(dim=-1) - share  # reached without the token itself
        cut = (before >= top_p).scatter(-1, order, before >= top_p)
        warm = warm.masked_fill(cut, float("-inf"))
    return warm


@torch.no_grad()
def beam(
    network: Network,
    prompt: Tensor,
    steps: int,
    beams: int,
    eos: int | None = None,
    pad: int = 0,
    real: Tensor | None = None,
    length_penalty: float = 1.0,
) -> Tensor:
    """The best of the `beams` likeliest continuations, by mean log-probability.

    A continuation ends with `eos` or after `steps` tokens; its score is the sum of its
    log-probabilities over its length to the power `length_penalty`.  The search stops
    early once no open beam could beat the worst finished one at its present length.
    Shapes: prompt (B, T), real (B, T) -> (B, T + up to `steps`), `pad` after `eos`.
    Errors: as for `extend`, and ValueError for fewer than one beam, or a penalty that
    is not finite.
    """
    _check(prompt, steps, real)
    check_size(beams, "beams")
    if not isfinite(length_penalty):
        raise ValueError(f"length_penalty must be finite: {length_penalty}")
    if steps == 0:
        return prompt
    cache = Cache()
    searches = [Search(beams, steps, eos, length_penalty) for _ in prompt]
    logits = network(prompt, real=real, cache=cache)[:, -1:]  # (B, 1, V)
    parents = torch.arange(len(prompt), device=prompt.device).repeat_interleave(beams)
    real = None if real is None else real[parents]
    logits = logits.expand(-1, beams, -1)  # (B, beams, V): all the same at first
    cache.select(parents)
    for _ in range(steps):
        log_p = finite(logits, "the next word's scores").log_softmax(dim=-1)
        moves = [s.step(scores) for s, scores in zip(searches, log_p, strict=True)]
        if not any(search.open for search in searches):
            break
        offset = torch.arange(len(prompt))[:, None] * beams
        rows = torch.tensor([rows for rows, _ in moves]) + offset  # (B, beams)
        tokens = torch.tensor([tokens for _, tokens in moves])  # (B, beams)
        cache.select(rows.flatten().to(prompt.device))
        if real is not None:
            real = F.pad(real, (0, 1), value=True)
        new = tokens.flatten()[:, None].to(prompt.device)  # (B * beams, 1)
        logits = network(new, real=real, cache=cache)
        logits = logits[:, -1].unflatten(0, (-1, beams))  # (B, beams, V)
    best = [search.best() for search in searches]
    longest = max(map(len, best))
    rows = [words + [pad] * (longest - len(words)) for words in best]
    return torch.cat([prompt, torch.tensor(rows, device=prompt.device)], dim=1)


class Search:
    """The beams of one prompt: those still open, and the best that have ended."""

    def __init__(
        self, beams: int, steps: int, eos: int | None, length_penalty: float
    ) -> None:
        self.beams, self.steps, self.eos = beams, steps, eos
        self.length_penalty = length_penalty
        self.open = True
        self.ended: list[tuple[float, list[int]]] = []
        # One beam has a chance at first, or all would make the same choices.
        self.running = [(0.0, [])] + [(float("-inf"), [])] * (beams - 1)

    def step(self, log_p: Tensor) -> tuple[list[int], list[int]]:
        """Grow by one token; log_p (beams, V) -> which beams go on, with which token.

        Twice as many candidates as beams are drawn up: as many as that may end.
        """
        scores = log_p.float() + torch.tensor([[score] for score, _ in self.running])
        count = min(2 * self.beams, scores.numel())
        values, places = scores.flatten().topk(count)
        running, rows, tokens = [], [], []
        for rank, (score, place) in enumerate(
            zip(values.tolist(), places.tolist(), strict=True)
        ):
            row, token = divmod(place, log_p.shape[-1])
            words = [*self.running[row][1], token]
            if token == self.eos or len(words) == self.steps:
                if rank < self.beams and self.open:
                    self._end(score, words)
            elif len(running) < self.beams:
                running.append((score, words))
                rows.append(row)
                tokens.append(token)
        if not running:
            self.open = False
            return rows, tokens
        self.running = running
        full = len(self.ended) == self.beams
        if full and self._rated(*running[0]) <= self.ended[-1][0]:
            self.open = False
        return rows, tokens

    def best(self) -> list[int]:
        """The tokens of the best continuation that has ended."""
        return self.ended[0][1]

    def _rated(self, score: float, words: Sequence[int]) -> float:
        return score / len(words) ** self.length_penalty

    def _end(self, score: float, words: list[int]) -> None:
        self.ended.append((self._rated(score, words), words))
        self.ended.sort(key=lambda entry: -entry[0])
        del self.ended[self.beams :]


def _check(prompt: Tensor, steps: int, real: Tensor | None) -> None:
    check_size(steps, "steps", least=0)
    if real is None or real.shape != prompt.shape:  # the network tells of a shape
        return
    padding = real[:, -1:].logical_not().flatten()  # (B,): where padding comes last
    if bool(padding.any()):
        row = int(padding.int().argmax())
        raise ValueError(f"real: row {row} ends in padding: pad prompts on the left")
