"""Custom fences with TOML bodies, rendered for superfences.

superfences swallows every exception but its own and shows the source instead, and even
a strict build exits 0.  So every error here is raised as a `PageError`, which names
page, line and key in one line and stops the build.
"""

import re
import tomllib
from collections.abc import Callable
from functools import cache
from typing import Any

import markdown
from mkdocs.utils import get_relative_url

from paradigms._schema import Entry, validate
from paradigms.site.content.pages import abbreviations
from paradigms.site.fences.change import ChangeFence
from paradigms.site.fences.cheat_sheet import CheatSheetFence
from paradigms.site.fences.claim import ClaimFence
from paradigms.site.fences.code import CodeFence
from paradigms.site.fences.figure import (
    BandsFigure,
    CourseFigure,
    DigitsFigure,
    FieldFigure,
    MaskFigure,
    StripFigure,
    TwoViewsFigure,
)
from paradigms.site.fences.page import Page
from paradigms.site.fences.plan import PlanFence
from paradigms.site.fences.question import QuestionFence
from paradigms.site.fences.table import TableFence
from paradigms.site.markdown.errors import PageError, position

# A fence with several forms uses the one whose fields match most of its keys.
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
    "table": [TableFence],
    "claim": [ClaimFence],
    "question": [QuestionFence],
    "code": [CodeFence],
    "plan": [PlanFence],
    "sheet": [CheatSheetFence],
    "change": [ChangeFence],
}


def render(
    source: str,
    language: str,
    _class: str,
    _options: Any,
    md: markdown.Markdown,
    **_: Any,
) -> str:
    """The formatter that superfences calls for each custom fence: TOML to HTML."""
    try:
        keys = tomllib.loads(source)
        kind = max(KINDS[language], key=lambda k: len(keys.keys() & k.model_fields))
        body = validate(kind, keys, f"{language} fence")
        return body.render(page_of(md))  # type: ignore[attr-defined]
    except Exception as error:
        message = str(error)
        if message.startswith(("snippets/", "results/")):  # names its file already
            raise PageError(message) from error
        raise PageError(f"{position(md, source)}: {message}") from error


def page_of(md: markdown.Markdown) -> Page:
    """The page being built, as figures, tables and cards use it."""
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
    """A line of Markdown as HTML; `link` turns `reference/x.md#y` into a URL."""
    if "[" not in text:  # no citation, no link: the same on every page
        return _without_links(text)
    md = _inline_markdown()
    md.link = link  # read by the citation pattern
    return _converted(md, text)


@cache
def _without_links(text: str) -> str:
    if not _marked().search(text):  # Markdown would return most lines unchanged
        return text
    return _converted(_inline_markdown(), text)


@cache
def _marked() -> re.Pattern[str]:
    """Matches what Markdown, a formula or an abbreviation may change in a line."""
    terms = "|".join(map(re.escape, abbreviations()))
    return re.compile(rf"[^\w\s.,;:?()“”‘’'\"%/–—-]|^\W|^\d+\.|_|\s\s|\b(?:{terms})\b")


def _converted(md: markdown.Markdown, text: str) -> str:
    md.reset()
    return md.convert(text).removeprefix("<p>").removesuffix("</p>")


@cache
def _inline_markdown() -> markdown.Markdown:
    return markdown.Markdown(
        extensions=["abbr", "pymdownx.arithmatex", "paradigms.site.markdown.extension"],
        extension_configs={
            "abbr": {"glossary": abbreviations()},
            "pymdownx.arithmatex": {"generic": True},
        },
    )
