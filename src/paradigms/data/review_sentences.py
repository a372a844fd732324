"""Sentences of the IMDB reviews whose words are all in a small vocabulary.

A network that is small enough for a web page has few words.  Dropping the other words
would leave sentences without grammar, so sentences with other words are left out.
"""

import re
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from paradigms.data import movie_reviews
from paradigms.data.special_tokens import SPECIALS
from paradigms.data.tokenizer import Vocabulary, words

_END = re.compile(r"[.!?]+(?=\s|$|<)|<br\s*/?>|[;:()]")
SHORTEST = 4  # words


class ReviewSentences(NamedTuple):
    """Vocabulary, and rows of words, [EOS] and padding by part: (N, T)."""

    vocabulary: tuple[str, ...]
    rows: dict[str, Tensor]


@cache
def review_sentences(vocabulary: int, tokens: int, seed: int = 0) -> ReviewSentences:
    """Sentences of 4 to `tokens` - 1 words; each sentence once, in one part.

    `vocabulary` includes the special ids; its words are the most frequent ones of the
    training part's sentences.
    """
    parts = movie_reviews.split("imdb", seed)
    sentences = {
        part: [
            sentence
            for review in reviews
            for sentence in map(words, _END.split(review.text))
            if SHORTEST <= len(sentence) <= tokens - 1
        ]
        for part, reviews in parts.items()
    }
    lexicon = Vocabulary(sentences["train"], vocabulary - SPECIALS.first_word)
    unique: set[tuple[str, ...]] = set()
    rows = {}
    for part in ("train", "validation", "test"):
        complete = {
            tuple(sentence): None
            for sentence in sentences[part]
            if all(word in lexicon.index for word in sentence)
        }
        new = [sentence for sentence in complete if sentence not in unique]
        unique.update(new)
        rows[part] = _rows([lexicon.encode(list(text)) for text in new], tokens)
    return ReviewSentences(tuple(lexicon.words), rows)


def _rows(texts: list[list[int]], tokens: int) -> Tensor:
    """Rows (N, tokens): the words, [EOS], padding."""
    rows = torch.full((len(texts), tokens), SPECIALS.pad)
    for row, text in zip(rows, texts, strict=True):
        ids = [word + SPECIALS.first_word for word in text]
        row[: len(ids) + 1] = torch.tensor([*ids, SPECIALS.eos])
    return rows
