"""Real data for the classifiers: tumours, handwritten digits, film reviews."""

from typing import NamedTuple

import pytest
import torch
from sklearn.datasets import load_breast_cancer, load_digits
from torch import Tensor

from paradigms.data import movie_reviews
from paradigms.data.bag_of_words import Bags
from paradigms.data.tokenizer import Vocabulary, words


class Labelled(NamedTuple):
    """Rows (N, V) in double precision, or bags of words, with labels (N,)."""

    x: Tensor
    labels: Tensor


@pytest.fixture(scope="session")
def tumours() -> Labelled:
    """569 tumours, 30 unscaled measurements, benign (1) or malignant (0)."""
    x, labels = load_breast_cancer(return_X_y=True)
    return Labelled(torch.tensor(x), torch.tensor(labels))


@pytest.fixture(scope="session")
def standardised(tumours) -> Labelled:
    """The same, each measurement with mean 0 and variance 1."""
    x = tumours.x - tumours.x.mean(dim=0)
    return Labelled(x / x.std(dim=0, correction=0), tumours.labels)


@pytest.fixture(scope="session")
def digits() -> Labelled:
    """1,797 digits, the 61 of 64 pixels that vary, scaled to [0, 1]."""
    x, labels = load_digits(return_X_y=True)
    x = torch.tensor(x) / 16
    return Labelled(x[:, x.var(dim=0) > 0], torch.tensor(labels))


class Reviews(NamedTuple):
    """Counts of 2,000 words in training and test reviews, in double precision."""

    train: Bags
    labels: Tensor
    test: Bags


@pytest.fixture(scope="session")
def reviews() -> Reviews:
    """Sentences from Rotten Tomatoes, about 6,800 to fit and 850 to test."""
    parts = movie_reviews.split("rotten_tomatoes", seed=0)
    texts = {part: [words(review.text) for review in parts[part]] for part in parts}
    vocabulary = Vocabulary(texts["train"], 2000)

    def bags(part: movie_reviews.Part) -> Bags:
        rows = [vocabulary.encode(text) for text in texts[part]]
        return Bags(rows, len(vocabulary), torch.float64)

    labels = torch.tensor([review.label for review in parts["train"]])
    return Reviews(bags("train"), labels, bags("test"))
