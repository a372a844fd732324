"""The terms of the glossary, and the forms in which a text has them."""

import re
from collections.abc import Iterator
from itertools import groupby

from paradigms._schema import FileError, meant, raise_findings
from paradigms.site.content.pages import pages
from paradigms.site.content.questions import question_places, questions
from paradigms.site.content.toml import FOLDER, read
from paradigms.site.file_cache import cache
from paradigms.site.templates.environment import slug

PAGE = "reference/glossary.md"
# Words of everyday language, too: a link would often explain the wrong sense.
EVERYDAY = {"block", "compute", "in pairs", "mode", "score", "seam", "state", "tight"}
_WORD = re.compile(r"(?<![\w&#-])[^\W_]+")


@cache
def terms() -> dict[str, str]:
    """Every term with its sentence. Errors: FileError for one without a sentence."""
    by_term = read(FOLDER / "glossary.toml")
    for term, sentence in by_term.items():
        if not str(sentence).endswith("."):
            raise FileError(f"snippets/glossary.toml: {term}: write a sentence")
    return by_term


@cache
def answers() -> dict[str, str]:
    """Where a term is answered in full: the id of a question, or the path of a page.

    Errors: FileError with each term that the glossary lacks, and each answer that
    is neither a question nor a page.
    """
    by_term = read(FOLDER / "glossary-answers.toml")
    raise_findings(
        f"snippets/glossary-answers.toml: {name} is no {kind}{meant(name, names)}"
        for kind, names, used in (
            ("term of the glossary", terms(), by_term.keys()),
            ("question or page", questions() | pages(), by_term.values()),
        )
        for name in used
        if name not in names
    )
    return by_term


def term_place(term: str) -> str:
    """The page and anchor that explain a term: its answer, else its row."""
    answer = answers().get(term, f"{PAGE}#{slug(term)}")
    return question_places().get(answer, answer)


def letters() -> dict[str, dict[str, str]]:
    """The terms with their sentences, by their first letter, from A to Z."""
    by_letter = groupby(terms().items(), key=lambda item: item[0][0].upper())
    return {letter: dict(items) for letter, items in by_letter}


@cache
def forms() -> dict[str, list[tuple[re.Pattern[str], str]]]:
    """How terms are written, by their first word in lower case, the longest first.

    Each with the id of its term; singular and plural, with hyphens or spaces.
    """
    texts = {
        form: slug(term)
        for term in terms()
        if term not in EVERYDAY
        for name in _names(term)
        for form in (_plural(name), name)
    }
    by_word: dict[str, list[tuple[re.Pattern[str], str]]] = {}
    for form in sorted(texts, key=len, reverse=True):
        word = re.split(r"\W", form, maxsplit=1)[0].lower()
        by_word.setdefault(word, []).append((_pattern(form), texts[form]))
    return by_word


def uses(text: str) -> Iterator[tuple[re.Match[str], str]]:
    """Each use of a term in a text, with the id of the term."""
    end = 0
    by_first_word = forms()
    for word in _WORD.finditer(text):
        candidates = by_first_word.get(word[0].lower(), [])
        if word.start() < end or not candidates:
            continue
        matches = ((p.match(text, word.start()), term) for p, term in candidates)
        match, term = next(((m, term) for m, term in matches if m), (None, ""))
        if match:
            yield match, term
            end = match.end()


def _names(term: str) -> list[str]:
    """`a (b)` is a, or b unless it only says where: `a (of b)`."""
    name, _, other = term.removesuffix(")").partition(" (")
    return [name, other] if other and not other.startswith(("in ", "of ")) else [name]


def _plural(name: str) -> str:
    if re.search(r"[^aeiou]y$", name):
        return name[:-1] + "ies"
    if name.endswith("trix"):
        return name[:-1] + "ces"
    return name + ("es" if re.search(r"(?:s|x|ch|sh)$", name) else "s")


def _pattern(form: str) -> re.Pattern[str]:
    """Matches a form as a whole word; a small initial may be a capital."""
    first = form[0]
    start = f"[{first}{first.upper()}]" if first.islower() else re.escape(first)
    rest = re.sub(r"\\?[ -]", r"(?:\\s+|-)", re.escape(form[1:]))
    return re.compile(start + rest.replace("'", "(?:'|’|&#39;)") + r"(?![\w-])")
