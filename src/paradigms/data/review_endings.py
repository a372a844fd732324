"""The last words of each review, as rows of ids of equal length."""

from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from paradigms.data import movie_reviews
from paradigms.data.special_tokens import SPECIALS
from paradigms.data.tokenizer import Vocabulary, words


class ReviewEndings(NamedTuple):
    """By part: rows of ids (N, T), and labels (N,), 1 for positive."""

    rows: dict[str, Tensor]
    labels: dict[str, Tensor]


class PaddedEndings(NamedTuple):
    """By part: rows [BOS], words, padding (N, T), and labels; and texts without."""

    unlabelled: Tensor
    rows: dict[str, Tensor]
    labels: dict[str, Tensor]


@cache
def review_endings(vocabulary: int, tokens: int, seed: int) -> ReviewEndings:
    """The last `tokens` words of each IMDB review that are in the vocabulary.

    Shorter reviews are dropped. `vocabulary` includes the special ids; its words are
    the most frequent ones of the training part.
    """
    texts, all_labels = _encoded_reviews(vocabulary, seed)
    rows, labels = {}, {}
    for part, reviews in texts.items():
        ids = [text[-tokens:] for text in reviews]
        complete = [len(text) == tokens for text in ids]
        endings = [text for text, keep in zip(ids, complete, strict=True) if keep]
        rows[part] = torch.tensor(endings) + SPECIALS.first_word
        labels[part] = all_labels[part][torch.tensor(complete)]
    return ReviewEndings(rows, labels)


@cache
def padded_endings(vocabulary: int, tokens: int, seed: int) -> PaddedEndings:
    """The last `tokens` - 1 words of each IMDB review, shorter reviews padded.

    `unlabelled`: these and as many words before them, of the training part.
    """
    texts, labels = _encoded_reviews(vocabulary, seed)
    room = tokens - 1  # after BOS
    before = [text[-2 * room : -room] for text in texts["train"] if len(text) > room]
    rows = {
        part: encode_rows([text[-room:] for text in reviews], tokens)
        for part, reviews in texts.items()
    }
    unlabelled = torch.cat([rows["train"], encode_rows(before, tokens)])
    return PaddedEndings(unlabelled, rows, labels)


def _encoded_reviews(
    vocabulary: int, seed: int
) -> tuple[dict[str, list[list[int]]], dict[str, Tensor]]:
    """By part: the numbers of each review's words in the vocabulary, and labels."""
    parts = movie_reviews.split("imdb", seed)
    texts = {part: [words(r.text) for r in reviews] for part, reviews in parts.items()}
    vocab = Vocabulary(texts["train"], vocabulary - SPECIALS.first_word)
    return (
        {part: [vocab.encode(text) for text in texts[part]] for part in parts},
        {part: torch.tensor([r.label for r in parts[part]]) for part in parts},
    )


def encode_rows(texts: list[list[int]], length: int) -> Tensor:
    """Texts as rows (N, length): [BOS], the first words, padding."""
    rows = torch.full((len(texts), length), SPECIALS.pad)
    rows[:, 0] = SPECIALS.bos
    for row, text in zip(rows, texts, strict=True):
        ids = torch.tensor(text[: length - 1], dtype=torch.long)
        row[1 : 1 + len(ids)] = ids + SPECIALS.first_word
    return rows
