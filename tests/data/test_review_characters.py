"""Passages of reviews in characters."""

import pytest
import torch

from paradigms.data import movie_reviews
from paradigms.data.review_characters import (
    SPECIALS,
    one_passage_each,
    review_characters,
    sample_passages,
)

TEXTS = [torch.arange(10, 14), torch.arange(20, 22), torch.arange(30, 33)]


def test_nothing_of_a_review_is_lost():
    """Ids spell every review of every part again, to the letter."""
    characters, texts = review_characters(0)
    assert len(set(characters)) == len(characters) < 100
    for part, reviews in movie_reviews.split("rotten_tomatoes", 0).items():
        for ids, review in zip(texts[part], reviews, strict=True):
            spelled = "".join(characters[i - SPECIALS.first_word] for i in ids.tolist())
            assert spelled == review.text
    assert review_characters(0).vocabulary == SPECIALS.first_word + len(characters)


def test_each_passage_is_one_of_a_text():
    """All that exist, about equally often, and none across two texts."""
    rng = torch.Generator().manual_seed(0)
    passages, counts = sample_passages(TEXTS, 3, 3000, rng).unique(
        dim=0, return_counts=True
    )
    assert passages.tolist() == [[10, 11, 12], [11, 12, 13], [30, 31, 32]]
    assert all(900 < count < 1100 for count in counts.tolist())


def test_one_passage_of_each_text():
    """In the order of the texts; those that are too short have none."""
    rng = torch.Generator().manual_seed(0)
    draws = [one_passage_each(TEXTS, 3, rng) for _ in range(50)]
    assert {passages.shape for passages in draws} == {(2, 3)}
    assert {tuple(passages[:, 0].tolist()) for passages in draws} == {
        (10, 30),
        (11, 30),
    }


def test_texts_that_are_all_too_short_are_an_error():
    """It says how many characters are needed."""
    with pytest.raises(ValueError, match="no text has 5 characters or more"):
        sample_passages(TEXTS, 5, 1, torch.Generator())
