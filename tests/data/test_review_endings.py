"""The ends of reviews: whole rows of the last known words, with their labels."""

import pytest

from paradigms.data import movie_reviews
from paradigms.data.review_endings import FIRST, review_endings
from paradigms.data.tokenizer import Vocabulary, words


@pytest.mark.usefixtures("fewer_reviews")
def test_rows_are_the_last_words_of_their_review():
    """Of the first long enough review of the test part, with its label."""
    found = review_endings(200, 12, 0)
    parts = movie_reviews.split("imdb", 0)
    known = Vocabulary([words(r.text) for r in parts["train"]], 200 - FIRST)
    for review in parts["test"]:
        ids = known.encode(words(review.text))
        if len(ids) >= 12:
            break
    assert (found.rows["test"][0] - FIRST).tolist() == ids[-12:]
    assert int(found.labels["test"][0]) == review.label
    for part in ("train", "validation", "test"):
        assert len(found.rows[part]) == len(found.labels[part]) <= len(parts[part])
        assert found.rows[part].shape[1] == 12
        assert int(found.rows[part].min()) >= FIRST
        assert int(found.rows[part].max()) < 200
