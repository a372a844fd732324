"""Technical terms of the question bank, and which of them are explained.

A technical term is a word that film reviews, a sample of general English, do not use.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from itertools import islice, pairwise
from typing import NamedTuple

from paradigms.data.movie_reviews import FILE
from paradigms.site.content.bibliography import sources
from paradigms.site.content.pages import abbreviations
from paradigms.site.content.systems import systems
from paradigms.site.content.toml import FOLDER, read

WORD = re.compile(r"[^\W\d_]+")
REVIEWS = 8000  # nearly two million words
OFTEN = 3  # a word in at least so many questions
RARE = 5  # and at most so often in the reviews is technical
PAIRED = 5  # a pair of adjacent words in at least so many questions
APART = 2  # and at most so often in the reviews is a term
FREQUENT = 150  # the most frequent words of the reviews form no terms
SHORTEST = 3  # letters; symbols such as x_t are explained in the text
ENDING = re.compile(
    r"(?:is(?:ations?|ing|es?|ed|ers?)|if(?:ications?|ying|ies|ied|iers?)"
    r"|at(?:ions?|ing|es?|ed|ors?)|ings?|ed|ers?|ors?|ly|ies|y|es|e|s)$"
)
Stems = tuple[str, ...]


@cache
def stem(word: str) -> str:
    """A word without its ending: the forms of a word share a stem."""
    word = word.lower()
    if len(word) <= 4:
        return word[:-1] if re.fullmatch(r"\w{3}(?<!s)s", word) else word
    short = ENDING.sub("", word)
    if len(short) < SHORTEST:
        return word
    return short[:-1] if len(short) > 3 and short[-1] == short[-2] else short


def stems(text: str) -> Stems:
    """The stems of a text, in order."""
    return tuple(stem(word) for word in WORD.findall(text))


class English(NamedTuple):
    """Counts of stems and of pairs of adjacent stems in film reviews."""

    words: Counter[str]
    pairs: Counter[Stems]

    def frequent(self) -> set[str]:
        """The most frequent stems."""
        return {word for word, _ in self.words.most_common(FREQUENT)}


@cache
def english() -> English:
    """The counts over the first reviews of the file."""
    with FILE.path().open(encoding="utf8", newline="") as file:
        texts = [row["text"] for row in islice(csv.DictReader(file), REVIEWS)]
    tokens = [stem(word) for text in texts for word in WORD.findall(text)]
    return English(Counter(tokens), Counter(pairwise(tokens)))


def explained(plain: Iterable[str]) -> set[Stems]:
    """Terms of the glossary, abbreviations and their words, names, and plain words.

    A term may hold another form in brackets, or two terms joined by *and*.
    """
    terms = [*plain, *read(FOLDER / "glossary.toml")]
    terms = [part for term in terms for part in re.split(r"[()]| and ", term)]
    for short, long in abbreviations().items():
        terms += [short, long.partition(":")[0]]
    terms += [system.name for system in systems().values()]
    for source in sources().values():
        terms += WORD.findall(" ".join(source.authors))
    return {stems(text) for text in terms} - {()}


def unexplained(text: str, explained_terms: set[Stems]) -> list[str | None]:
    """The words of a text, with None for each explained term, longest match first."""
    longest = max(map(len, explained_terms))
    words, keys, remaining, position = WORD.findall(text), stems(text), [], 0
    while position < len(words):
        sizes = range(min(longest, len(words) - position), 0, -1)
        length = next(
            (
                size
                for size in sizes
                if keys[position : position + size] in explained_terms
            ),
            0,
        )
        remaining.append(None if length else words[position].lower())
        position += length or 1
    return remaining


def of_the_field(
    entries: dict[str, list[str]], explained_terms: set[Stems], general: English
) -> dict[str, str]:
    """Unexplained technical words and pairs, each with the first entry that uses it."""
    words: dict[str, list[str]] = {}
    pairs: dict[str, list[str]] = {}
    forms: dict[str, str] = {}
    frequent = general.frequent()
    for entry, texts in entries.items():
        parts = [part for text in texts for part in re.split(r"[.:;,?!()]", text)]
        for remaining in (unexplained(part, explained_terms) for part in parts):
            for word in filter(None, remaining):
                if len(word) >= SHORTEST:
                    words.setdefault(stem(word), []).append(entry)
                    forms.setdefault(stem(word), word)
            for first, second in pairwise(remaining):
                if first and second and min(len(first), len(second)) >= SHORTEST:
                    pairs.setdefault(f"{first} {second}", []).append(entry)

    def is_new(word: str, users: list[str]) -> bool:
        count = general.words[word]
        return not count or (len(set(users)) >= OFTEN and count <= RARE)

    def is_term(pair: str, users: list[str]) -> bool:
        key = stems(pair)
        ordinary = general.pairs[key] > APART or set(key) & frequent
        return len(set(users)) >= PAIRED and not ordinary

    return {forms[w]: users[0] for w, users in words.items() if is_new(w, users)} | {
        p: users[0] for p, users in pairs.items() if is_term(p, users)
    }
