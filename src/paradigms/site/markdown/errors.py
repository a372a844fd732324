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


def position(md: Markdown, source: str) -> str:
    """Page and line of a piece of its source; no line if the piece is not found."""
    file = page_file(md)
    if file is None:
        return "a page"
    text = re.sub(r"^[ \t]+", "", file.content_string, flags=re.MULTILINE)
    excerpt = re.sub(r"^[ \t]+", "", source.strip(), flags=re.MULTILINE)
    offset = text.find(excerpt)
    line = f", line {text.count(chr(10), 0, offset) + 1}" if offset >= 0 else ""
    return f"docs/{file.src_uri}{line}"


def page_file(md: Markdown) -> File | None:
    """The file of the page being built; None inside generated HTML."""
    if "relpath" not in md.treeprocessors:
        return None
    processor: Any = md.treeprocessors["relpath"]  # MkDocs adds it, without a type
    file: File = processor.file
    return file


def failure(md: Markdown, source: str, message: str) -> Exception:
    """The error that stops the build, with page and line."""
    if page_file(md) is None:  # inside an entry: its card adds the id
        return ContentError(message)
    return PageError(f"{position(md, source)}: {message}")
