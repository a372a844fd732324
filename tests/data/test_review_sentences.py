"""Sentences of reviews: words of the vocabulary alone, each sentence in one part."""

import pytest

from paradigms.data.review_sentences import SHORTEST, SPECIALS, review_sentences

SIZE, TOKENS = 300, 12


@pytest.mark.usefixtures("fewer_reviews")
def test_rows_are_sentences_with_an_end():
    """Words, then [EOS], then padding; at least four words."""
    data = review_sentences(SIZE, TOKENS)
    assert len(data.vocabulary) == SIZE - SPECIALS.first_word
    for rows in data.rows.values():
        assert rows.shape[1] == TOKENS
        assert int(rows.max()) < SIZE
        for row in rows[:50].tolist():
            end = row.index(SPECIALS.eos)
            assert end >= SHORTEST
            assert min(row[:end]) >= SPECIALS.first_word
            assert set(row[end + 1 :]) <= {SPECIALS.pad}


@pytest.mark.usefixtures("fewer_reviews")
def test_a_sentence_is_in_one_part_only():
    """Short sentences occur in many reviews; none is trained on and held out."""
    rows = [
        tuple(row)
        for part in review_sentences(SIZE, TOKENS).rows.values()
        for row in part.tolist()
    ]
    assert len(rows) > 20
    assert len(set(rows)) == len(rows)
