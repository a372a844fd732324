"""Errors on a page, with page and line."""

import re

from markdown import Markdown
from mkdocs.exceptions import BuildError
from pymdownx.superfences import SuperFencesException

from paradigms._schema import ContentError
from paradigms.site.markdown.builder import rendered_page


class PageError(SuperFencesException, BuildError):  # type: ignore[misc] # no types
    """An error on a page: superfences re-raises it, MkDocs prints it as one line."""


def position(md: Markdown, source: str, before: str = "") -> str:
    """Page and line of a piece of its source; no line if the piece is not found.

    `before` is the text above it, if the same piece may stand there too.
    """
    page = rendered_page(md)
    if page is None:
        return "a page"
    text, above = map(_without_indentation, (page.source(), before))
    excerpt = _without_indentation(source.strip())
    offset = -1
    for _ in range(above.count(excerpt) + 1):
        offset = text.find(excerpt, offset + 1)
    line = f", line {text.count(chr(10), 0, offset) + 1}" if offset >= 0 else ""
    return f"docs/{page.path}{line}"


def _without_indentation(text: str) -> str:
    return re.sub(r"^[ \t]+", "", text, flags=re.MULTILINE)


def failure(md: Markdown, source: str, message: str, before: str = "") -> Exception:
    """The error that stops the build, with page and line, as `position` finds them."""
    if rendered_page(md) is None:  # inside an entry: its card adds the id
        return ContentError(message)
    return PageError(f"{position(md, source, before)}: {message}")
