"""What the search box finds: direct answers first, then the text of all sections.

The browser loads both when somebody searches: `search/answers.json` at once, and
`search/text.json` after it. `docs/javascripts/search-worker.js` reads and ranks them.
"""

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from material.plugins.search.plugin import Parser

from paradigms._schema import raise_findings
from paradigms.site.content.bibliography import full_name, label, sources
from paradigms.site.content.changes import changes
from paradigms.site.content.claims import claims, places
from paradigms.site.content.glossary import PAGE as GLOSSARY
from paradigms.site.content.glossary import term_place, terms
from paradigms.site.content.pages import fences, ids_by_page
from paradigms.site.content.phrasings import phrasings
from paradigms.site.content.questions import (
    derivations,
    question_places,
    questions,
)
from paradigms.site.content.synonyms import FILE, synonyms
from paradigms.site.content.whiteboard import task_places, tasks
from paradigms.site.exports.formats import compact_json
from paradigms.site.markdown.adapter import as_text
from paradigms.site.templates.environment import slug

FIRST_WORDS = 41  # of an answer: what a reader sees of a hit, and what it is ranked by
# The worker ranks by kind: what answers before what derives, proves or lists.
Kind = Literal[
    "main", "question", "task", "term", "claim", "figure", "change", "page", "section",
    "derivation", "reference",
]  # fmt: skip
Form = Literal["code", "derivation"]  # of an answer, which a query may ask for
_TITLED = {"page", "section"}  # kinds whose titles are loaded with the answers
MAIN = {"q19-thirty-seconds", "q39-thirty-seconds"}  # the two that the site is about
SOURCES = "reference/bibliography.md"
# Their rows have entries of their own, or repeat what stands elsewhere.
LISTS = {GLOSSARY, SOURCES, "reference/claims.md", "reference/tags.md"}

# Tags within words and lines, most of them of highlighted code and formulas, and those
# of tables and lists. The parser would skip them one by one: a sixth of a build.
_INLINE = re.compile(
    r"</?(?:a|abbr|code|em|math|m[a-z]+|q|span|strong|su[bp]|wbr)(?: [^>]*)?>"
)
_CELLS = re.compile(r"</?(?:d[dt]|li|[ou]l|small|t[dhr]|tbody|thead)(?: [^>]*)?>")
_TAG = re.compile(r"<[^>]+>")


class Passage(NamedTuple):
    """A place that a search can lead to: `place` is `q39/index.md#q39-axes`.

    `holds` says in which forms the answer is there, beside its sentences.
    """

    kind: Kind
    place: str
    title: str
    text: str = ""
    phrasings: tuple[str, ...] = ()
    holds: tuple[Form, ...] = ()


@dataclass(frozen=True)
class IndexedPage:
    """A built page: its address, its title in the navigation, and its HTML."""

    path: str
    url: str
    title: str
    content: str


def search_index(pages: Mapping[str, IndexedPage]) -> dict[str, str]:
    """The files of the index by path, from the built pages by theirs.

    Errors: FileError for each synonym whose term no direct answer contains.
    """
    sections = [part for page in pages.values() for part in _sections(page)]
    titles = [part._replace(text="") for part in sections if part.kind in _TITLED]
    answers = [*_answers(), *titles]
    raise_findings(synonym_problems(synonyms(), answers))
    texts = [*(part for part in sections if part.text), *_figures(), *_bibliography()]
    numbers = {path: number for number, path in enumerate(pages)}
    first = {
        "pages": [(page.url, page.title) for page in pages.values()],
        "synonyms": [[term, *names] for term, names in synonyms().items()],
        "passages": _columns(answers, numbers),
    }
    then = {"passages": _columns(texts, numbers)}
    return {
        "search/answers.json": compact_json(first),
        "search/text.json": compact_json(then),
    }


def synonym_problems(
    groups: Mapping[str, list[str]], passages: list[Passage]
) -> list[str]:
    """The terms that occur in no passage: a search for another name would find none."""
    texts = "\n".join(f"{_words(p.title)}\n{_words(p.text)}" for p in passages)
    # From the beginning of a word on: "mask" is in "masks".
    return [
        f"{FILE}: {term}: no question, term, claim, figure or heading contains it; "
        "write the term as the site does, or define it in snippets/glossary.toml"
        for term in groups
        if f" {_words(term).strip()}" not in texts
    ]


def _words(text: str) -> str:
    """Words in lower case between spaces."""
    return " ".join(["", *re.findall(r"[^\W_]+", text.lower()), ""])


def _answers() -> Iterator[Passage]:
    """Everything that has a sentence of its own: the direct answers."""
    for key, place in question_places().items():
        question = questions()[key]
        kind: Kind = "main" if key in MAIN else "question"
        answer = _first_words(as_text(question.answer))
        others = tuple(phrasings().get(key, ()))
        title, holds = as_text(question.question), tuple(_holds(key))
        yield Passage(kind, place, title, answer, others, holds)
    for name, place in task_places().items():
        task = tasks()[name]
        text = _first_words(as_text(task.statement[0]))
        yield Passage("task", place, task.title, text, holds=("code",))
    for term, sentence in terms().items():
        yield Passage("term", term_place(term), term, as_text(sentence))
    for key, place in places().items():
        claim = claims()[key]
        title = f"{key}, {claim.verdict}: {as_text(claim.said)}"
        yield Passage("claim", place, title, _first_words(as_text(claim.right)))
    for key, page in ids_by_page("change"):
        change = changes()[key]
        text = _first_words(as_text(change.now))
        yield Passage("change", f"{page}#{key}", as_text(change.said), text)


def _holds(key: str) -> Iterator[Form]:
    """The forms of a question's answer."""
    if questions()[key].code:
        yield "code"
    if key in derivations() or questions()[key].kind == "derivation":
        yield "derivation"


def _figures() -> Iterator[Passage]:
    for keys, page in fences("figure"):
        place, caption = f"{page}#{slug(keys['title'])}", as_text(keys["caption"])
        yield Passage("figure", place, keys["title"], caption)


def _bibliography() -> Iterator[Passage]:
    for key, source in sources().items():
        title = f"{label(key)}: {source.title}"
        authors = ", ".join(map(full_name, source.authors))
        text = f"{authors}. {as_text(source.cited_for)}"
        yield Passage("reference", f"{SOURCES}#{key}", title, text)


def _sections(page: IndexedPage) -> Iterator[Passage]:
    """A page and its sections; their titles and texts as plain text."""
    parser = SectionParser()
    parser.feed(without_small_tags(page.content))
    parser.close()
    for number, section in enumerate(parser.data):
        anchor = f"#{section.id}" if number and section.id else ""
        title = _text("".join(section.title)).removesuffix("¶") or page.title
        text = "" if page.path in LISTS else _text("".join(section.text))
        kind = _kind(page.path, anchor)
        holds: tuple[Form, ...] = ("derivation",) if kind == "derivation" else ()
        yield Passage(kind, page.path + anchor, title, text, holds=holds)


class SectionParser(Parser):  # type: ignore[misc]  # it has no types
    """Material's parser; what is excluded stays so until its own end.

    Material compares elements by tag, so that a nested element of the same tag ends the
    exclusion of the outer one.
    """

    def handle_endtag(self, tag: str) -> None:
        super().handle_endtag(tag)
        self.skip |= {element for element in self.context if element.is_excluded()}


def without_small_tags(markup: str) -> str:
    """HTML without the tags that carry no section; words of two cells stay apart."""
    return _CELLS.sub(" ", _INLINE.sub("", markup))


def _kind(path: str, anchor: str) -> Kind:
    if path.startswith("practice/derivations"):
        return "derivation"
    if path.startswith(("reference/", "contributing")):
        return "reference"
    return "section" if anchor else "page"


def _text(markup: str) -> str:
    return " ".join(html.unescape(_TAG.sub(" ", _INLINE.sub("", markup))).split())


def _first_words(text: str) -> str:
    words = text.split()
    return text if len(words) <= FIRST_WORDS else f"{' '.join(words[:FIRST_WORDS])} …"


def _columns(passages: list[Passage], pages: Mapping[str, int]) -> dict[str, list[Any]]:
    """Passages as the worker reads them: a list for each field, which gzip packs best.

    The place is the number of its page and an anchor.
    """
    places = [passage.place.partition("#") for passage in passages]
    fields = {
        name: [getattr(passage, name) for passage in passages]
        for name in Passage._fields
    }
    del fields["place"]
    fields["page"] = [pages[path] for path, _, _ in places]
    fields["anchor"] = [anchor for _, _, anchor in places]
    return fields
