"""The last words of whole reviews, as rows of ids of one length."""

from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from paradigms.data import movie_reviews
from paradigms.data.special_tokens import SpecialTokens
from paradigms.data.tokenizer import Vocabulary, words

FIRST = SpecialTokens().first_word


class ReviewEndings(NamedTuple):
    """By part: rows of ids (N, T), and labels (N,), 1 for positive."""

    rows: dict[str, Tensor]
    labels: dict[str, Tensor]


@cache
def review_endings(vocabulary: int, tokens: int, seed: int) -> ReviewEndings:
    """The last `tokens` known words of each IMDB review; shorter reviews are left out.

    `vocabulary` counts the special ids too; its words are the most frequent ones of the
    training part.
    """
    parts = movie_reviews.split("imdb", seed)
    texts = {part: [words(r.text) for r in found] for part, found in parts.items()}
    known = Vocabulary(texts["train"], vocabulary - FIRST)
    rows, labels = {}, {}
    for part, found in texts.items():
        ids = [known.encode(text)[-tokens:] for text in found]
        whole = [len(text) == tokens for text in ids]
        kept = [text for text, long in zip(ids, whole, strict=True) if long]
        rows[part] = torch.tensor(kept) + FIRST
        marks = torch.tensor([review.label for review in parts[part]])
        labels[part] = marks[torch.tensor(whole)]
    return ReviewEndings(rows, labels)
