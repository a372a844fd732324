"""Beam search with a key-value cache.

>>> def count(tokens, **_):  # each token is followed by the next number
...     return torch.eye(9)[(tokens + 1) % 9]
>>> beam_search(count, torch.tensor([[1, 2]]), steps=3, beams=2).tolist()
[[1, 2, 3, 4, 5]]
"""

from collections.abc import Sequence
from math import isfinite

import torch
from torch import Tensor
from torch.nn import functional as F

from paradigms._checks import check_size, finite
from paradigms.generation.decoding import Network, check_prompt
from paradigms.layers import Cache

Beam = tuple[float, list[int]]  # the score of a continuation, and its tokens


@torch.no_grad()
def beam_search(
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
    Errors: as for `generate`, and ValueError for fewer than one beam, or a penalty that
    is not finite.
    """
    check_prompt(prompt, steps, real)
    check_size(beams, "beams")
    if not isfinite(length_penalty):
        raise ValueError(f"length_penalty must be finite: {length_penalty}")
    if steps == 0:
        return prompt
    cache = Cache()
    searches = [BeamSearch(beams, steps, eos, length_penalty) for _ in prompt]
    logits = network(prompt, real=real, cache=cache)[:, -1:]  # (B, 1, V)
    parents = torch.arange(len(prompt), device=prompt.device).repeat_interleave(beams)
    real = None if real is None else real[parents]
    logits = logits.expand(-1, beams, -1)  # (B, beams, V), equal at first
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
        logits = logits[:, -1].view(len(prompt), beams, -1)  # (B, beams, V)
    best = [search.best() for search in searches]
    longest = max(map(len, best))
    texts = [words + [pad] * (longest - len(words)) for words in best]
    return torch.cat([prompt, torch.tensor(texts, device=prompt.device)], dim=1)


class BeamSearch:
    """The beams of one prompt: the running ones, and the best finished ones."""

    def __init__(
        self, beams: int, steps: int, eos: int | None, length_penalty: float
    ) -> None:
        self.beams, self.steps, self.eos = beams, steps, eos
        self.length_penalty = length_penalty
        self.open = True
        self.ended: list[Beam] = []
        # Only one beam starts with a finite score, or all would be the same.
        self.running: list[Beam] = [
            (float("-inf") if beam else 0.0, []) for beam in range(beams)
        ]

    def step(self, log_p: Tensor) -> tuple[list[int], list[int]]:
        """Extend by one token: log_p (beams, V) -> parent beams, and their next tokens.

        There are twice as many candidates as beams, since half of them may end.
        """
        scores = log_p.float() + torch.tensor([[score] for score, _ in self.running])
        count = min(2 * self.beams, scores.numel())
        values, indices = scores.flatten().topk(count)
        running: list[Beam] = []
        rows: list[int] = []
        tokens: list[int] = []
        for rank, (score, index) in enumerate(
            zip(values.tolist(), indices.tolist(), strict=True)
        ):
            row, token = divmod(index, log_p.shape[-1])
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
        if full and self._rating(*running[0]) <= self.ended[-1][0]:
            self.open = False
        return rows, tokens

    def best(self) -> list[int]:
        """The tokens of the best finished continuation."""
        return self.ended[0][1]

    def _rating(self, score: float, words: Sequence[int]) -> float:
        rating: float = score / len(words) ** self.length_penalty
        return rating

    def _end(self, score: float, words: list[int]) -> None:
        self.ended.append((self._rating(score, words), words))
        self.ended.sort(key=lambda entry: -entry[0])
        del self.ended[self.beams :]
