"""Text to words, words to numbers."""

import pytest

from paradigms.data.tokenizer import Vocabulary, words


def test_words_are_lower_case_and_marks_stand_alone():
    """HTML breaks are space, an apostrophe stays in its word, `!` is a word."""
    text = "It's GREAT!<br /><br />Isn't it? 10/10."
    assert words(text) == ["it's", "great", "!", "isn't", "it", "?", "10", "10"]


def test_the_most_frequent_words_are_kept():
    """By frequency, then by the alphabet, whatever the order of the texts."""
    texts = [["b", "a", "c"], ["b", "c", "d"]]
    assert Vocabulary(texts, 3).words == ["b", "c", "a"]
    assert Vocabulary(reversed(texts), 3).words == ["b", "c", "a"]


def test_unknown_words_are_left_out():
    """A text is encoded by the words that the vocabulary has."""
    vocabulary = Vocabulary([["a", "b", "b"]], 2)
    assert vocabulary.encode(["b", "x", "a"]) == [0, 1]
    assert len(vocabulary) == 2


@pytest.mark.parametrize(("texts", "size"), [([], 3), ([[]], 3), ([["a"]], 0)])
def test_nothing_to_keep_is_refused(texts, size):
    """No words, or no room for any."""
    with pytest.raises(
        ValueError, match=r"texts hold no words|size must be at least 1"
    ):
        Vocabulary(texts, size)
