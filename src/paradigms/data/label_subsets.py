"""Labelled data in one form, and draws of a few labels from it."""

from typing import Any, NamedTuple, get_args

import torch
from torch import Tensor

from paradigms.data import breast_cancer, digits, movie_reviews
from paradigms.data.bag_of_words import Bags
from paradigms.data.tokenizer import Vocabulary, words

SOURCES = get_args(movie_reviews.Source)


class Task(NamedTuple):
    """What can be learnt from, and what is asked; x has rows or lists of words."""

    x: Any
    labels: Tensor
    test: Any
    test_labels: Tensor
    vocabulary: int = 0  # of texts; 0 for rows of numbers

    def rows(self, chosen: Tensor) -> Any:
        """The chosen rows, ready for a model."""
        if not self.vocabulary:
            return self.x[chosen]
        texts = [self.x[place] for place in chosen.tolist()]
        return Bags(texts, self.vocabulary, torch.float64)


def draw_subset(labels: Tensor, size: int, dice: torch.Generator) -> Tensor:
    """Places of `size` rows at random: one of each class, a second one, then any."""
    order = torch.randperm(len(labels), generator=dice)
    classes = labels[order]
    first = torch.stack([(classes == k).nonzero()[:2, 0] for k in labels.unique()])
    first = first.T.flatten()  # (2 K,)
    late = torch.ones(len(order), dtype=torch.bool)
    late[first] = False
    return torch.cat([order[first], order[late]])[:size]


def measured(name: str) -> tuple[Tensor, Tensor]:
    """All rows in double precision; of digits, the pixels that are not always white."""
    if name == "tumours":
        return breast_cancer.load()
    pixels, labels = digits.load()
    return pixels[:, pixels.double().var(dim=0) > 0].double() / 16, labels


REVIEWS: dict[tuple[str, int, int], Task] = {}


def reviews(source: Any, vocabulary: int, split: int) -> Task:
    """Texts as lists of the most frequent words of the training part."""
    key = (source, vocabulary, split)
    if key not in REVIEWS:
        parts = movie_reviews.split(source, split)
        train = [(words(r.text), r.label) for r in parts["train"] + parts["validation"]]
        known = Vocabulary((text for text, _ in train), vocabulary)
        test = [known.encode(words(r.text)) for r in parts["test"]]
        REVIEWS[key] = Task(
            [known.encode(text) for text, _ in train],
            torch.tensor([label for _, label in train]),
            Bags(test, len(known), torch.float64),
            torch.tensor([r.label for r in parts["test"]]),
            len(known),
        )
    return REVIEWS[key]
