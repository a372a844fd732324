"""The adapter to Markdown: custom fences with TOML bodies.

superfences swallows every exception but its own and shows the source instead, while a
strict build exits 0.  So whatever goes wrong here leaves as a `PageError`, which says
page, line and key in one line, and stops the build.
"""

import re
import tomllib
from collections.abc import Callable
from functools import cache
from typing import Any

import markdown
from mkdocs.exceptions import BuildError
from mkdocs.utils import get_relative_url
from pymdownx.superfences import SuperFencesException

from paradigms.cards import ChangeCards, ClaimCards, QuestionCards
from paradigms.figures import (
    BandsFigure,
    CourseFigure,
    DigitsFigure,
    FieldFigure,
    MaskFigure,
    StripFigure,
    TwoViewsFigure,
)
from paradigms.listings import Listing
from paradigms.page import Page
from paradigms.plans import PlanList
from paradigms.sheets import SheetFence
from paradigms.snippets import Entry, abbreviations, validate
from paradigms.tables import Table

# A fence that has several forms takes the one that knows most of the keys given.
KINDS: dict[str, list[type[Entry]]] = {
    "figure": [
        MaskFigure,
        TwoViewsFigure,
        DigitsFigure,
        CourseFigure,
        BandsFigure,
        FieldFigure,
        StripFigure,
    ],
    "table": [Table],
    "claim": [ClaimCards],
    "question": [QuestionCards],
    "code": [Listing],
    "plan": [PlanList],
    "sheet": [SheetFence],
    "change": [ChangeCards],
}


class PageError(SuperFencesException, BuildError):
    """A mistake on a page: superfences lets it pass, MkDocs prints it as one line."""


def render(
    source: str,
    language: str,
    _class: str,
    _options: Any,
    md: markdown.Markdown,
    **_: Any,
) -> str:
    """What superfences calls for each custom fence: TOML in, HTML out."""
    try:
        keys = tomllib.loads(source)
        kind = max(KINDS[language], key=lambda k: len(keys.keys() & k.model_fields))
        body = validate(kind, keys, f"{language} fence")
        return body.render(page_of(md))  # type: ignore[attr-defined]
    except Exception as error:
        message = str(error)
        if message.startswith(("snippets/", "results/")):  # says already where it is
            raise PageError(message) from error
        raise PageError(f"{position(md, source)}: {message}") from error


def position(md: markdown.Markdown, source: str) -> str:
    """Page and line of a piece of its source, as far as it can be found."""
    file = _file(md)
    if file is None:
        return "a page"
    text = re.sub(r"^[ \t]+", "", file.content_string, flags=re.MULTILINE)
    wanted = re.sub(r"^[ \t]+", "", source.strip(), flags=re.MULTILINE)
    offset = text.find(wanted)
    line = f", line {text.count(chr(10), 0, offset) + 1}" if offset >= 0 else ""
    return f"docs/{file.src_uri}{line}"


def page_of(md: markdown.Markdown) -> Page:
    """The page under construction, as figures, tables and cards see it."""
    relpath = md.treeprocessors["relpath"]
    anchors = md.treeprocessors["mkdocs_extract_anchors"].present_anchor_ids

    def link(target: str) -> str:
        path, _, anchor = target.partition("#")
        file = relpath.files.get_file_from_path(path)
        if file is None:
            raise ValueError(f"there is no page {path!r} to link to")
        url = get_relative_url(file.url, relpath.file.url)
        return f"{url}#{anchor}" if anchor else url

    return Page(link, lambda text: inline(text, link), anchors)


def inline(text: str, link: Callable[[str], str]) -> str:
    """A line of Markdown as HTML; `link` turns `reference/x.md#y` into an address."""
    if "[" not in text:  # no citation, no link: the same on every page
        return _without_links(text)
    md = _inline_markdown()
    md.link = link  # the citation pattern asks for it
    return _converted(md, text)


@cache
def _without_links(text: str) -> str:
    if not _marked().search(text):  # most lines: Markdown would give them back
        return text
    return _converted(_inline_markdown(), text)


@cache
def _marked() -> re.Pattern[str]:
    """What Markdown, a formula or an abbreviation may change in a line."""
    short = "|".join(map(re.escape, abbreviations()))
    return re.compile(rf"[^\w\s.,;:?()“”‘’'\"%/–—-]|^\W|^\d+\.|_|\s\s|\b(?:{short})\b")


def _converted(md: markdown.Markdown, text: str) -> str:
    md.reset()
    return md.convert(text).removeprefix("<p>").removesuffix("</p>")


@cache
def _inline_markdown() -> markdown.Markdown:
    return markdown.Markdown(
        extensions=["abbr", "pymdownx.arithmatex", "paradigms.inline"],
        extension_configs={
            "abbr": {"glossary": abbreviations()},
            "pymdownx.arithmatex": {"generic": True},
        },
    )


def _file(md: markdown.Markdown) -> Any:
    if "relpath" not in md.treeprocessors:
        return None
    return md.treeprocessors["relpath"].file
