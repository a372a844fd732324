"""Bags of words: texts as word counts."""

import pytest

from paradigms.data.bag_of_words import Bags


def test_bags_count_words():
    """A row holds the counts of one text; an empty text is a row of zeros."""
    bags = Bags([[2, 0, 2], []], 3)
    assert bags.rows.to_dense().tolist() == [[1, 0, 2], [0, 0, 0]]
    assert bags.transposed.to_dense().tolist() == [[1, 0], [0, 0], [2, 0]]


@pytest.mark.parametrize(("texts", "message"), [([], "at least one"), ([[3]], "0..2")])
def test_bags_refuse_what_they_cannot_count(texts, message):
    """No text at all, or a word id outside the vocabulary."""
    with pytest.raises(ValueError, match=message):
        Bags(texts, 3)
