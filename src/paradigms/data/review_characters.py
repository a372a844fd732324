"""Passages of movie reviews in characters: a small vocabulary that covers all text.

A small vocabulary of words loses the other words, and with them the neighbours of those
that stay.  The 8,530 sentences of Rotten Tomatoes need fewer than a hundred characters.
"""

from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from paradigms.data import movie_reviews
from paradigms.data.special_tokens import SPECIALS


class ReviewCharacters(NamedTuple):
    """All characters, sorted, and by part the ids (T,) of each review."""

    characters: str
    texts: dict[str, list[Tensor]]

    @property
    def vocabulary(self) -> int:
        """The number of ids, special ones included."""
        return SPECIALS.first_word + len(self.characters)


@cache
def review_characters(seed: int) -> ReviewCharacters:
    """The sentences of Rotten Tomatoes in the split of a seed, nothing left out."""
    parts = movie_reviews.split("rotten_tomatoes", seed)
    reviews = (review for part in parts.values() for review in part)
    characters = "".join(sorted(set().union(*(review.text for review in reviews))))
    ids = {character: i for i, character in enumerate(characters, SPECIALS.first_word)}
    texts: dict[str, list[Tensor]] = {
        part: [torch.tensor([ids[c] for c in review.text]) for review in reviews]
        for part, reviews in parts.items()
    }
    return ReviewCharacters(characters, texts)


def sample_passages(
    texts: list[Tensor], length: int, count: int, rng: torch.Generator
) -> Tensor:
    """Passages (count, length), each of one text, all possible ones equally likely.

    Errors: ValueError if no text is long enough.
    """
    long_enough = _long_enough(texts, length)
    offsets = torch.tensor([0, *(len(text) for text in long_enough[:-1])]).cumsum(0)
    starts = torch.cat(
        [
            offset + torch.arange(len(text) - length + 1)
            for offset, text in zip(offsets, long_enough, strict=True)
        ]
    )
    first = starts[torch.randint(len(starts), (count, 1), generator=rng)]
    return torch.cat(long_enough)[first + torch.arange(length)]


def one_passage_each(texts: list[Tensor], length: int, rng: torch.Generator) -> Tensor:
    """A random passage of each text that is long enough: (N, length).

    Errors: ValueError if no text is long enough.
    """
    return torch.cat(
        [
            sample_passages([text], length, 1, rng)
            for text in _long_enough(texts, length)
        ]
    )


def _long_enough(texts: list[Tensor], length: int) -> list[Tensor]:
    long_enough = [text for text in texts if len(text) >= length]
    if not long_enough:
        raise ValueError(f"no text has {length} characters or more")
    return long_enough
