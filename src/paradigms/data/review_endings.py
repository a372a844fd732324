"""The last words of each review, as rows of ids of equal length."""

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
    """The last `tokens` words of each IMDB review that are in the vocabulary.

    Shorter reviews are dropped. `vocabulary` includes the special ids; its words are
    the most frequent ones of the training part.
    """
    parts = movie_reviews.split("imdb", seed)
    texts = {part: [words(r.text) for r in reviews] for part, reviews in parts.items()}
    vocab = Vocabulary(texts["train"], vocabulary - FIRST)
    rows, labels = {}, {}
    for part, reviews in texts.items():
        ids = [vocab.encode(text)[-tokens:] for text in reviews]
        complete = [len(text) == tokens for text in ids]
        endings = [text for text, keep in zip(ids, complete, strict=True) if keep]
        rows[part] = torch.tensor(endings) + FIRST
        part_labels = torch.tensor([review.label for review in parts[part]])
        labels[part] = part_labels[torch.tensor(complete)]
    return ReviewEndings(rows, labels)
