"""Errors on a page, with page and line."""

import re
from typing import Any

from markdown import Markdown
from mkdocs.exceptions import BuildError
from mkdocs.structure.files import File
from pymdownx.superfences import SuperFencesException

from paradigms._schema import ContentError


class PageError(SuperFencesException, BuildError):  # type: ignore[misc] # no types
    """An error on a page: superfences re-raises it, MkDocs prints it as one line."""


def position(md: Markdown, source: str, before: str = "") -> str:
    """Page and line of a piece of its source; no line if the piece is not found.

    `before` is the text above it, if the same piece may stand there too.
    """
    file = page_file(md)
    if file is None:
        return "a page"
    text, above = map(_without_indentation, (file.content_string, before))
    excerpt = _without_indentation(source.strip())
    offset = -1
    for _ in range(above.count(excerpt) + 1):
        offset = text.find(excerpt, offset + 1)
    line = f", line {text.count(chr(10), 0, offset) + 1}" if offset >= 0 else ""
    return f"docs/{file.src_uri}{line}"


def _without_indentation(text: str) -> str:
    return re.sub(r"^[ \t]+", "", text, flags=re.MULTILINE)


def page_file(md: Markdown) -> File | None:
    """The file of the page being built; None inside generated HTML."""
    if "relpath" not in md.treeprocessors:
        return None
    processor: Any = md.treeprocessors["relpath"]  # MkDocs adds it, without a type
    file: File = processor.file
    return file


def failure(md: Markdown, source: str, message: str, before: str = "") -> Exception:
    """The error that stops the build, with page and line, as `position` finds them."""
    if page_file(md) is None:  # inside an entry: its card adds the id
        return ContentError(message)
    return PageError(f"{position(md, source, before)}: {message}")
