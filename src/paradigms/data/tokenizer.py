"""Tokenisation: text to words, and words to ids."""

from collections import Counter
from collections.abc import Iterable
from unicodedata import normalize

import regex

_BREAK = regex.compile(r"<br\s*/?>")
# Letters, marks and digits of any script: `re` has no classes for them.
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+(?:'[\p{L}\p{M}]+)*|[!?]")


def words(text: str) -> list[str]:
    """Lower-case words, `!` and `?` as separate words; HTML breaks become spaces.

    Letters of any script count; an accent is composed with its letter (NFC), and a
    typographic apostrophe is an apostrophe.
    """
    text = _BREAK.sub(" ", text).lower().replace("’", "'")
    return _WORD.findall(normalize("NFC", text))


class Vocabulary:
    """The most frequent words of some texts; words outside it are left out.

    Errors: ValueError if the texts hold no word at all, or the size is below one.
    """

    def __init__(self, texts: Iterable[list[str]], size: int) -> None:
        counts = Counter(word for text in texts for word in text)
        if not counts:
            raise ValueError("texts hold no words: there is no vocabulary to build")
        # Ties in frequency are broken alphabetically: the order of texts has no effect.
        if size < 1:
            raise ValueError(f"size must be at least 1: {size}")
        ranked = sorted(counts, key=lambda word: (-counts[word], word))
        self.words = ranked[:size]
        self.index = {word: number for number, word in enumerate(self.words)}

    def __len__(self) -> int:
        return len(self.words)

    def encode(self, text: list[str]) -> list[int]:
        """The ids of the words of `text` that are in the vocabulary, in order."""
        return [self.index[word] for word in text if word in self.index]
