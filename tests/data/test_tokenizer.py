"""The tokenizer: text to words, words to ids."""

import pytest

from paradigms.data.tokenizer import Vocabulary, words


def test_words_are_lower_case_and_marks_stand_alone():
    """HTML breaks are spaces, an apostrophe stays in its word, `!` is a token."""
    text = "It's GREAT!<br /><br />Isn't it? 10/10."
    assert words(text) == ["it's", "great", "!", "isn't", "it", "?", "10", "10"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("naïve café", ["naïve", "café"]),
        ("It’s great", ["it's", "great"]),
        ("Zürich, ŁÓDŹ", ["zürich", "łódź"]),
        ("cafe\u0301", ["café"]),  # an accent of its own
        ("İstanbul", ["i\u0307stanbul"]),  # no composed letter in lower case
        ("Привет, мир! 映画 हिन्दी", ["привет", "мир", "!", "映画", "हिन्दी"]),
        ("L’élève d'à côté", ["l'élève", "d'à", "côté"]),
        ("well_made 10½ ‘so’ it's'", ["well", "made", "10½", "so", "it's"]),
    ],
)
def test_words_have_letters_of_any_script(text, expected):
    """No word is cut at a letter outside a to z."""
    assert words(text) == expected


def test_the_most_frequent_words_are_kept():
    """By frequency, ties alphabetically, independent of the order of the texts."""
    texts = [["b", "a", "c"], ["b", "c", "d"]]
    assert Vocabulary(texts, 3).words == ["b", "c", "a"]
    assert Vocabulary(reversed(texts), 3).words == ["b", "c", "a"]


def test_unknown_words_are_left_out():
    """Words outside the vocabulary are dropped when a text is encoded."""
    vocabulary = Vocabulary([["a", "b", "b"]], 2)
    assert vocabulary.encode(["b", "x", "a"]) == [0, 1]
    assert len(vocabulary) == 2


@pytest.mark.parametrize(("texts", "size"), [([], 3), ([[]], 3), ([["a"]], 0)])
def test_nothing_to_keep_is_refused(texts, size):
    """No words, or a vocabulary of size 0."""
    with pytest.raises(
        ValueError, match=r"texts hold no words|size must be at least 1"
    ):
        Vocabulary(texts, size)
