"""Review endings: full rows of the last in-vocabulary words, with labels."""

import pytest

from paradigms.data import movie_reviews
from paradigms.data.review_endings import SPECIALS, encode_rows, review_endings
from paradigms.data.tokenizer import Vocabulary, words

FIRST = SPECIALS.first_word


@pytest.mark.usefixtures("fewer_reviews")
def test_rows_are_the_last_words_of_their_review():
    """Checked on the first test review that is long enough, with its label."""
    endings = review_endings(200, 12, 0)
    parts = movie_reviews.split("imdb", 0)
    vocabulary = Vocabulary([words(r.text) for r in parts["train"]], 200 - FIRST)
    for review in parts["test"]:
        ids = vocabulary.encode(words(review.text))
        if len(ids) >= 12:
            break
    assert (endings.rows["test"][0] - FIRST).tolist() == ids[-12:]
    assert int(endings.labels["test"][0]) == review.label
    for part in ("train", "validation", "test"):
        assert len(endings.rows[part]) == len(endings.labels[part]) <= len(parts[part])
        assert endings.rows[part].shape[1] == 12
        assert int(endings.rows[part].min()) >= FIRST
        assert int(endings.rows[part].max()) < 200


def test_texts_stand_in_rows_behind_the_first_symbol():
    """Ids are offset by the four specials, behind BOS; rows are cut or padded."""
    rows = encode_rows([[0, 1], [2, 3, 4, 5], []], 4)
    assert rows.tolist() == [[1, 4, 5, 0], [1, 6, 7, 8], [1, 0, 0, 0]]
