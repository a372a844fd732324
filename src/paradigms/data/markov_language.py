"""A language made by rule, of which every probability is known.

The next word depends on the last two: a Markov chain of second order, whose tables are
drawn once.  So what a model says can be held against what is true, word for word.
"""

from itertools import product

import torch
from torch import Tensor

from paradigms.data.special_tokens import SpecialTokens

FIRST = SpecialTokens().first_word


class MarkovLanguage:
    """Texts of words 4, 5, ... (ids below are special), all of one length.

    Each row of a table is the softmax of normal numbers of deviation `sharpness`: the
    larger it is, the more a context says about the next word.
    Errors: ValueError for fewer than two words or a negative sharpness.
    """

    def __init__(self, words: int = 8, seed: int = 0, sharpness: float = 2.0) -> None:
        if words < 2 or sharpness < 0:
            raise ValueError(
                "words must be 2 or more, sharpness not negative: "
                f"got {words} and {sharpness}"
            )
        self.words, self.vocabulary = words, FIRST + words
        dice = torch.Generator().manual_seed(seed)
        shape = (1 + words + words**2, words)
        normal = torch.randn(shape, dtype=torch.float64, generator=dice)
        table = (sharpness * normal).softmax(dim=1)
        self.first = table[0]  # (V,)
        self.second = table[1 : 1 + words]  # (V, V): after one word
        self.third = table[1 + words :].view(words, words, words)  # after two

    def after(self, texts: Tensor) -> Tensor:
        """P(next word | text so far).  Shapes: (N, t) -> (N, V) over the words."""
        seen = texts - FIRST
        if texts.shape[1] == 0:
            return self.first.expand(len(texts), -1)
        if texts.shape[1] == 1:
            return self.second[seen[:, 0]]
        return self.third[seen[:, -2], seen[:, -1]]

    def sample(self, count: int, length: int, dice: torch.Generator) -> Tensor:
        """Texts as they occur: (count, length)."""
        texts = torch.zeros(count, 0, dtype=torch.long)
        for _ in range(length):
            words = torch.multinomial(self.after(texts), 1, generator=dice)
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
        """P of everything that could stand in texts[:, start:stop], given both sides.

        Shapes: (N, T) -> (N, V^gap), in the order of `fillings`.
        Errors: ValueError for a gap that is empty or leaves the text.
        """
        if not 0 <= start < stop <= texts.shape[1]:
            raise ValueError(
                f"gap must lie in a text of {texts.shape[1]}: {start} to {stop}"
            )
        fillings = self.fillings(stop - start)
        # Words from two before the gap to two behind it are all that it depends on.
        near = texts[:, max(start - 2, 0) : stop + 2]
        begin = start - max(start - 2, 0)
        every = near[:, None].repeat(1, len(fillings), 1)
        every[:, :, begin : begin + stop - start] = fillings
        log_p = self.log_p(every.flatten(0, 1))[:, begin:].sum(dim=1)
        return log_p.view(len(texts), -1).softmax(dim=1)

    def fillings(self, length: int) -> Tensor:
        """Every text of that length: (V^length, length)."""
        words = range(FIRST, self.vocabulary)
        return torch.tensor(list(product(words, repeat=length)))
