"""Labelled data sets in one form, and random subsets of their labels."""

from functools import cache
from typing import Any, NamedTuple, get_args

import torch
from torch import Tensor

from paradigms.data import breast_cancer, digits, movie_reviews
from paradigms.data.bag_of_words import Bags
from paradigms.data.tokenizer import Vocabulary, words

SOURCES = get_args(movie_reviews.ReviewSource)
MEASUREMENTS = ("tumours", "digits")


class LabelledData(NamedTuple):
    """Training and test set; x has rows of numbers or lists of word ids."""

    x: Any
    labels: Tensor
    test: Any
    test_labels: Tensor
    vocabulary: int = 0  # of texts; 0 for rows of numbers

    def rows(self, indices: Tensor) -> Any:
        """The rows with these indices, ready for a model."""
        if not self.vocabulary:
            return self.x[indices]
        texts = [self.x[index] for index in indices.tolist()]
        return Bags(texts, self.vocabulary, torch.float64)


def draw_subset(labels: Tensor, size: int, rng: torch.Generator) -> Tensor:
    """Indices of `size` random rows: one of each class, a second one, then any."""
    order = torch.randperm(len(labels), generator=rng)
    classes = labels[order]
    first = torch.stack(
        [(classes == k).nonzero()[:2, 0] for k in sorted(set(labels.tolist()))]
    )
    first = first.T.flatten()  # (2 K,)
    rest = torch.ones(len(order), dtype=torch.bool)
    rest[first] = False
    return torch.cat([order[first], order[rest]])[:size]


def measurements(name: str) -> tuple[Tensor, Tensor]:
    """All rows in double precision; for digits, only the pixels that vary.

    Errors: ValueError for an unknown name.
    """
    if name not in MEASUREMENTS:
        names = " or ".join(MEASUREMENTS)
        raise ValueError(f"measurements must be of {names}: {name!r}")
    if name == "tumours":
        return breast_cancer.load()
    pixels, labels = digits.load()
    return pixels[:, pixels.double().var(dim=0) > 0].double() / 16, labels


@cache
def reviews(
    source: movie_reviews.ReviewSource, vocabulary: int, split: int
) -> LabelledData:
    """Texts as ids of the most frequent words of the training part."""
    parts = movie_reviews.split(source, split)
    train = [(words(r.text), r.label) for r in parts["train"] + parts["validation"]]
    vocab = Vocabulary((text for text, _ in train), vocabulary)
    test = [vocab.encode(words(r.text)) for r in parts["test"]]
    return LabelledData(
        [vocab.encode(text) for text, _ in train],
        torch.tensor([label for _, label in train]),
        Bags(test, len(vocab), torch.float64),
        torch.tensor([r.label for r in parts["test"]]),
        len(vocab),
    )
