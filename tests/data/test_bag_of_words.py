"""Bags of words: texts as word counts."""

import pytest
import torch

from paradigms.data.bag_of_words import Bags, count_words, unigram_log_p


def test_bags_count_words():
    """A row holds the counts of one text; an empty text is a row of zeros."""
    bags = Bags([[2, 0, 2], []], 3)
    assert bags.rows.to_dense().tolist() == [[1, 0, 2], [0, 0, 0]]
    assert bags.transpose.to_dense().tolist() == [[1, 0], [0, 0], [2, 0]]


@pytest.mark.parametrize(("texts", "message"), [([], "at least one"), ([[3]], "0..2")])
def test_bags_refuse_what_they_cannot_count(texts, message):
    """No text at all, or a word id outside the vocabulary."""
    with pytest.raises(ValueError, match=message):
        Bags(texts, 3)


def test_counts_of_rows_agree_with_a_count_by_hand():
    """Counts of words, without BOS and padding."""
    counts = count_words(torch.tensor([[1, 5, 5, 7, 0], [1, 0, 0, 0, 0]]), 8)
    assert counts.tolist() == [[0, 0, 0, 0, 0, 2, 0, 1], [0] * 8]


def test_word_frequencies_are_smoothed_by_one():
    """Counts of 3, 1 and 0 give 4/7, 2/7 and 1/7."""
    p = unigram_log_p(torch.tensor([[0, 0], [0, 1]]), 3).exp()
    assert p.tolist() == pytest.approx([4 / 7, 2 / 7, 1 / 7])
