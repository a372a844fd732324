"""A synthetic language of which every probability is known.

The next word depends on the last two: a second-order Markov chain, whose tables are
drawn once. Predictions can be compared with the true probabilities, word by word.
"""

from itertools import product

import torch
from torch import Tensor
from torch.nn import functional as F

from paradigms.data.special_tokens import SPECIALS

FIRST = SPECIALS.first_word


class MarkovLanguage:
    """Texts of words 4, 5, ... (ids below are special), all of one length.

    Each row of a table is the softmax of normal logits with standard deviation
    `sharpness`: the larger it is, the more a context says about the next word.
    Errors: ValueError for fewer than two words or a negative sharpness.
    """

    def __init__(self, words: int = 8, seed: int = 0, sharpness: float = 2.0) -> None:
        if words < 2 or sharpness < 0:
            raise ValueError(
                "words must be 2 or more, sharpness not negative: "
                f"got {words} and {sharpness}"
            )
        self.words, self.vocabulary = words, FIRST + words
        rng = torch.Generator().manual_seed(seed)
        shape = (1 + words + words**2, words)
        logits = torch.randn(shape, dtype=torch.float64, generator=rng)
        table = (sharpness * logits).softmax(dim=1)
        self.first = table[0]  # (V,)
        self.second = table[1 : 1 + words]  # (V, V): after one word
        self.third = table[1 + words :].view(words, words, words)  # after two

    def after(self, texts: Tensor) -> Tensor:
        """P(next word | text so far).  Shapes: (N, t) -> (N, V) over the words."""
        indices = texts - FIRST
        if texts.shape[1] == 0:
            return self.first.expand(len(texts), -1)
        if texts.shape[1] == 1:
            return self.second[indices[:, 0]]
        return self.third[indices[:, -2], indices[:, -1]]

    def sample(self, count: int, length: int, rng: torch.Generator) -> Tensor:
        """Sample texts: (count, length)."""
        texts = torch.zeros(count, 0, dtype=torch.long)
        for _ in range(length):
            words = torch.multinomial(self.after(texts), 1, generator=rng)
            texts = torch.cat([texts, words + FIRST], dim=1)
        return texts

    def log_p(self, texts: Tensor) -> Tensor:
        """Log P of each word given those before it, in nats: (N, T) -> (N, T)."""
        return torch.stack(
            [
                self.after(texts[:, :t])
                .gather(1, texts[:, t, None] - FIRST)
                .log()[:, 0]
                for t in range(texts.shape[1])
            ],
            dim=1,
        )

    def gap(self, texts: Tensor, start: int, stop: int) -> Tensor:
        """P of every filling of texts[:, start:stop], given both sides.

        Shapes: (N, T) -> (N, V^gap), in the order of `fillings`.
        Errors: ValueError for a gap that is empty or outside the text.
        """
        if not 0 <= start < stop <= texts.shape[1]:
            raise ValueError(
                f"gap must lie in a text of {texts.shape[1]}: {start} to {stop}"
            )
        fillings = self.fillings(stop - start)
        # The gap depends only on the two words before it and the two after it.
        context = texts[:, max(start - 2, 0) : stop + 2]
        offset = start - max(start - 2, 0)
        candidates = context[:, None].repeat(1, len(fillings), 1)
        candidates[:, :, offset : offset + stop - start] = fillings
        log_p = self.log_p(candidates.flatten(0, 1))[:, offset:].sum(dim=1)
        return log_p.view(len(texts), -1).softmax(dim=1)

    def fillings(self, length: int) -> Tensor:
        """Every text of that length: (V^length, length)."""
        words = range(FIRST, self.vocabulary)
        return torch.tensor(list(product(words, repeat=length)))


def masked_log_p(language: MarkovLanguage, tokens: Tensor) -> Tensor:
    """Log P(word | all visible words) at every position: what a perfect denoiser says.

    The forward-backward algorithm over pairs of neighbouring words, exact for any mask;
    a visible word has log P = 0.
    Shapes: tokens (N, T) with [MASK], T of 2 or more -> (N, T, vocabulary).
    """
    words = torch.arange(FIRST, language.vocabulary)
    visible = tokens[..., None] != SPECIALS.mask
    allowed = (~visible | (tokens[..., None] == words)).double()  # (N, T, V)
    # forward[t][n, a, b]: P(words up to t + 1 are as seen, the last two are a, b).
    joint = language.first[:, None] * language.second  # (V, V)
    forward = [allowed[:, 0, :, None] * joint * allowed[:, 1, None]]
    for seen in allowed.unbind(dim=1)[2:]:
        forward.append(
            torch.einsum("nab,abc,nc->nbc", forward[-1], language.third, seen)
        )
    # backward[t][n, a, b]: P(words after t + 1 are as seen | words t and t + 1).
    backward = [torch.ones_like(forward[0])]
    for seen in reversed(allowed.unbind(dim=1)[2:]):
        backward.append(
            torch.einsum("abc,nc,nbc->nab", language.third, seen, backward[-1])
        )
    pairs = torch.stack(forward, dim=1) * torch.stack(backward[::-1], dim=1)
    p = torch.cat([pairs[:, :1].sum(dim=3), pairs.sum(dim=2)], dim=1)  # (N, T, V)
    p = F.pad(p / p.sum(dim=2, keepdim=True), (FIRST, 0))  # special tokens: never
    return p.log()
