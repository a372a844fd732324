"""Which words of the question bank belong to the field, and which are explained.

A word of the field is one that film reviews do not use: what people write about films
is English as everybody reads it.
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
from paradigms.site.content.systems import systems
from paradigms.site.content.toml import FOLDER, abbreviations, read

WORD = re.compile(r"[^\W\d_]+")
REVIEWS = 8000  # nearly two million words
OFTEN = 3  # a word in so many questions
RARE = 5  # may stand in these reviews so many times and is still of the field
PAIRED = 5  # two words side by side in so many questions
APART = 2  # and in these reviews at most so many times
FREQUENT = 150  # words too frequent to make a term with another
SHORTEST = 3  # letters; symbols such as x_t are explained where they stand
ENDING = re.compile(
    r"(?:is(?:ations?|ing|es?|ed|ers?)|if(?:ications?|ying|ies|ied|iers?)"
    r"|at(?:ions?|ing|es?|ed|ors?)|ings?|ed|ers?|ors?|ly|ies|y|es|e|s)$"
)
Stems = tuple[str, ...]


@cache
def stem(word: str) -> str:
    """A word without its ending, so that forms of one word are alike."""
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
    """How often stems, and pairs of them, stand in film reviews."""

    words: Counter[str]
    pairs: Counter[Stems]

    def frequent(self) -> set[str]:
        """The most frequent stems."""
        return {word for word, _ in self.words.most_common(FREQUENT)}


@cache
def english() -> English:
    """Counted over the first reviews of the file."""
    with FILE.path().open(encoding="utf8", newline="") as file:
        texts = [row["text"] for row in islice(csv.DictReader(file), REVIEWS)]
    found = [stem(word) for text in texts for word in WORD.findall(text)]
    return English(Counter(found), Counter(pairwise(found)))


def explained(plain: Iterable[str]) -> set[Stems]:
    """Terms of the glossary, abbreviations and their words, names, and plain words.

    A term may hold another form in brackets, or two terms joined by *and*.
    """
    said = [*plain, *read(FOLDER / "glossary.toml")]
    said = [part for term in said for part in re.split(r"[()]| and ", term)]
    for short, long in abbreviations().items():
        said += [short, long.partition(":")[0]]
    said += [system.name for system in systems().values()]
    for source in sources().values():
        said += WORD.findall(" ".join(source.authors))
    return {stems(text) for text in said} - {()}


def unexplained(text: str, known: set[Stems]) -> list[str | None]:
    """The words of a text; None for each term that is explained, the longest first."""
    longest = max(map(len, known))
    words, keys, left, at = WORD.findall(text), stems(text), [], 0
    while at < len(words):
        sizes = range(min(longest, len(words) - at), 0, -1)
        taken = next((n for n in sizes if keys[at : at + n] in known), 0)
        left.append(None if taken else words[at].lower())
        at += taken or 1
    return left


def of_the_field(
    entries: dict[str, list[str]], known: set[Stems], general: English
) -> dict[str, str]:
    """Words and pairs that nothing explains, each with the first entry that uses it."""
    words: dict[str, list[str]] = {}
    pairs: dict[str, list[str]] = {}
    shown: dict[str, str] = {}
    frequent = general.frequent()
    for entry, texts in entries.items():
        parts = [part for text in texts for part in re.split(r"[.:;,?!()]", text)]
        for left in (unexplained(part, known) for part in parts):
            for word in filter(None, left):
                if len(word) >= SHORTEST:
                    words.setdefault(stem(word), []).append(entry)
                    shown.setdefault(stem(word), word)
            for one, two in pairwise(left):
                if one and two and min(len(one), len(two)) >= SHORTEST:
                    pairs.setdefault(f"{one} {two}", []).append(entry)

    def new(word: str, users: list[str]) -> bool:
        seen = general.words[word]
        return not seen or (len(set(users)) >= OFTEN and seen <= RARE)

    def term(pair: str, users: list[str]) -> bool:
        both = stems(pair)
        met = general.pairs[both] > APART or set(both) & frequent
        return len(set(users)) >= PAIRED and not met

    return {shown[w]: users[0] for w, users in words.items() if new(w, users)} | {
        p: users[0] for p, users in pairs.items() if term(p, users)
    }
