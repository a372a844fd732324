"""The Markdown of the pages, read once a build: their fences, and abbreviations."""

import re
import tomllib
from posixpath import basename
from typing import Any

from paradigms._files import ROOT
from paradigms._schema import FileError
from paradigms.site.content.fenced_blocks import fenced_blocks
from paradigms.site.content.files import read_text, source_files
from paradigms.site.content.toml import FOLDER
from paradigms.site.file_cache import cache, cache_by_value

DOCS = ROOT / "docs"


def ids_by_page(kind: str) -> list[tuple[str, str]]:
    """Every id in the fences of a kind, with its page: `("S01", "q19/index.md")`.

    A fence that asks for a whole `topic` names no ids.
    Errors: FileError for a fence that cannot be read.
    """
    pairs = []
    for keys, page in fences(kind):
        ids = [] if "topic" in keys else keys.get("ids")
        if not isinstance(ids, list):
            raise FileError(f'docs/{page}: {kind} fence: write ids = ["..."]')
        pairs += [(str(key), page) for key in ids]
    return pairs


def fences(kind: str) -> list[tuple[dict[str, Any], str]]:
    """The keys of every fence of a kind, with its page.

    Errors: FileError, with page and line, for a fence that is not TOML.
    """
    return [_keys(*block) for block in _blocks() if block[0] == kind]


def _keys(kind: str, body: str, page: str) -> tuple[dict[str, Any], str]:
    try:
        return tomllib.loads(body), page
    except tomllib.TOMLDecodeError as error:
        blocks = fenced_blocks(pages()[page])
        line = next(block.line for block in blocks if block.body == body)
        raise FileError(f"docs/{page}, line {line}: {kind} fence: {error}") from None


@cache_by_value
def _blocks() -> list[tuple[str, str, str]]:
    """Kind, body and page of every fenced block; no lines, which move with the text."""
    return [
        (block.language, block.body, page)
        for page, text in pages().items()
        for block in fenced_blocks(text)
        if block.language
    ]


@cache
def pages() -> dict[str, str]:
    """The Markdown of every page by its path: `q39/index.md`; read once a build."""
    return {
        path.relative_to(DOCS).as_posix(): read_text(path)
        for path in source_files(DOCS, "*.md")
    }


def page_url(path: str) -> str:
    """The address of a page from the root of the site: `q39/cache/` of `q39/cache.md`.

    Another file has its path.
    """
    stem, _, ending = path.rpartition(".")
    if ending not in ("md", "ipynb"):
        return path
    return "" if stem == "index" else f"{stem.removesuffix('/index')}/"


def has_notebook(markdown: str) -> bool:
    """Whether a page has code: then the site offers it as a notebook."""
    return any(block.info == "python" for block in fenced_blocks(markdown))


def notebook_path(path: str) -> str:
    """The notebook of a page, in its folder of the site: `q39/cache/cache.ipynb`."""
    folder = page_url(path).rstrip("/")
    return f"{folder}/{basename(folder)}.ipynb" if folder else "start.ipynb"


@cache
def abbreviations() -> dict[str, str]:
    """Every abbreviation with its expansion, from `snippets/abbreviations.md`."""
    text = read_text(FOLDER / "abbreviations.md")
    return dict(re.findall(r"^\*\[(.+?)\]: (.+)$", text, re.MULTILINE))
