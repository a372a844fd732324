"""Custom fences with TOML bodies, rendered for superfences.

superfences swallows every exception but its own and shows the source instead, and even
a strict build exits 0.  So every error here is raised as a `PageError`, which names
page, line and key in one line and stops the build.
"""

import re
import tomllib
from collections.abc import Callable
from typing import Any

import markdown
from markupsafe import Markup

from paradigms._schema import FileError, validate
from paradigms.site.content.pages import abbreviations
from paradigms.site.deferred_imports import defer_import
from paradigms.site.fences.figure import figure_kind
from paradigms.site.fences.kinds import KINDS
from paradigms.site.fences.page import Page
from paradigms.site.file_cache import cache
from paradigms.site.markdown.builder import rendered_page
from paradigms.site.markdown.errors import PageError, position
from paradigms.site.markdown.extension import InlineExtension
from paradigms.site.markdown.rendered_fences import note_rendered

# mkdocs.yml names `render`, so MkDocs imports this module before the plugin
# mkdocs-jupyter, which imports both.
defer_import("mkdocs_jupyter.convert")
defer_import("jupytext")

# Blocks of Markdown that a line of an entry cannot begin.
_BLOCKS = (
    "code", "hashheader", "hr", "indent", "olist", "quote", "setextheader", "ulist",
)  # fmt: skip
_HREF = re.compile(r'href="([\w/-]+\.(?:md|ipynb)(?:#[^"]*)?)"')


def render(
    source: str,
    language: str,
    _class: str,
    _options: Any,
    md: markdown.Markdown,
    **_: Any,
) -> str:
    """The formatter that superfences calls for each custom fence: TOML to HTML."""
    note_rendered(md, source)
    try:
        keys = tomllib.loads(source)
        kind = figure_kind(keys) if language == "figure" else KINDS[language]
        return validate(kind, keys, f"{language} fence").render(page_of(md))
    except FileError as error:
        raise PageError(str(error)) from error
    except Exception as error:
        raise PageError(f"{position(md, source)}: {error}") from error


def page_of(md: markdown.Markdown) -> Page:
    """The page being built, as figures, tables and cards use it."""
    page = rendered_page(md)
    if page is None:
        raise ValueError("this builder does not say which page it renders")

    def link(target: str) -> str:
        path, _, anchor = target.partition("#")
        url = page.link(path)
        if url is None:
            raise ValueError(f"there is no page {path!r} to link to")
        return f"{url}#{anchor}" if anchor else url

    return Page(link, lambda text: inline(text, link), page.anchors)


def inline(text: str, link: Callable[[str], str]) -> Markup:
    """A line of Markdown as HTML; `link` turns `reference/x.md#y` into a URL."""
    html = _html(text)
    return Markup(_HREF.sub(lambda match: f'href="{link(match[1])}"', html))


def as_text(line: str) -> str:
    """A line of Markdown as text, formulas and recorded numbers included."""
    return inline(line, str).striptags()


@cache
def _html(text: str) -> str:
    """A line as HTML in which links still name files below `docs/`."""
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
    md = markdown.Markdown(
        extensions=["pymdownx.arithmatex", InlineExtension()],
        extension_configs={"pymdownx.arithmatex": {"generic": True}},
    )
    # A line is one paragraph: `<mask>` is a token, and `1. ` begins no list.
    md.preprocessors.deregister("html_block")
    md.inlinePatterns.deregister("html")
    for block in _BLOCKS:
        md.parser.blockprocessors.deregister(block)
    return md
