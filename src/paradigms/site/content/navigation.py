"""The sections of the navigation, and what the front matter of each page says of it.

`level` says whether a page is core or optional: navigation and index pages show it.
A notebook states it in its metadata.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from paradigms._files import ROOT
from paradigms._schema import ContentError, meant, raise_findings
from paradigms.site.content.files import read_text, source_files
from paradigms.site.content.front_matter import front_matter
from paradigms.site.content.pages import DOCS, pages
from paradigms.site.file_cache import cache, cache_by_value

LEVELS = ("core", "optional")


class _Settings(yaml.SafeLoader):
    """Reads mkdocs.yml without its Python names and environment variables."""


_Settings.add_multi_constructor("", lambda *_: None)


@dataclass(frozen=True)
class NavPage:
    """A page of the navigation: `q19/scale.md`, its title, its level, its subject."""

    path: str
    title: str
    level: str
    description: str


@dataclass(frozen=True)
class NavSection:
    """A section: its index page, then its other pages and sections in order."""

    title: str
    index: NavPage
    entries: tuple["NavPage | NavSection", ...]


@cache_by_value
def levels() -> dict[str, str]:
    """Core or optional for every page. Errors: FileError, each page without a level."""
    by_page = {path: data.get("level") for path, data in _front_matter().items()}
    raise_findings(
        f"docs/{path}: level: {_complaint(level)}; write core or optional in the "
        f"{'metadata of the notebook' if path.endswith('.ipynb') else 'front matter'}"
        for path, level in by_page.items()
        if level not in LEVELS
    )
    return {path: str(level) for path, level in by_page.items()}


def section(title: str) -> NavSection:
    """The section with this title. Errors: ContentError with the nearest one."""
    by_title = {entry.title: entry for entry in _walk(_entries(_nav()))}
    if title not in by_title:
        hint = meant(title, by_title)
        raise ContentError(f"section: mkdocs.yml has no section {title!r}{hint}")
    return by_title[title]


def in_order() -> list[tuple[str, NavPage]]:
    """Every page with the title of its section, "" for one in none."""
    return list(_flat("", _entries(_nav())))


@cache_by_value
def page_titles() -> dict[str, str]:
    """The title of each page by its path."""
    return {page.path: page.title for _, page in in_order()}


def _flat(
    title: str, entries: tuple[NavPage | NavSection, ...]
) -> Iterator[tuple[str, NavPage]]:
    for entry in entries:
        if isinstance(entry, NavPage):
            yield title, entry
        else:
            yield entry.title, entry.index
            yield from _flat(entry.title, entry.entries)


def _complaint(level: Any) -> str:
    return "missing" if level is None else f"{level!r} is unknown"


@cache_by_value
def _front_matter() -> dict[str, dict[str, Any]]:
    """Front matter of pages, metadata of notebooks; `title` from the heading."""
    by_page = {}
    for path, text in pages().items():
        data, body = front_matter(text, f"docs/{path}")
        by_page[path] = {"title": _heading(body), **data}
    for file in source_files(DOCS, "*.ipynb"):
        notebook = json.loads(read_text(file))
        body = "".join(notebook["cells"][0]["source"])
        path = file.relative_to(DOCS).as_posix()
        by_page[path] = {"title": _heading(body), **notebook["metadata"]}
    return by_page


def _heading(text: str) -> str:
    match = re.search(r"^# +(.+?)(?: *\{[^}]*\})?$", text, re.M)
    return match[1] if match else ""


@cache
def site_settings() -> dict[str, Any]:
    """What mkdocs.yml says, without Python names and environment variables."""
    # The loader is a SafeLoader.
    settings: dict[str, Any] = yaml.load(read_text(ROOT / "mkdocs.yml"), _Settings)
    return settings


def _nav() -> list[Any]:
    """The navigation as mkdocs.yml has it."""
    nav: list[Any] = site_settings()["nav"]
    return nav


def _entries(nav: list[Any]) -> tuple[NavPage | NavSection, ...]:
    return tuple(_entry(item) for item in nav)


def _entry(item: Any) -> NavPage | NavSection:
    """A page or a section. Errors: ContentError for a section without index page."""
    title, target = next(iter(item.items())) if isinstance(item, dict) else ("", item)
    if isinstance(target, str):
        return _page(target, title)
    first, *rest = target
    if not isinstance(first, str) or not first.endswith("index.md"):
        raise ContentError(f"mkdocs.yml: {title}: begin the section with an index.md")
    return NavSection(title, _page(first), _entries(rest))


def _page(path: str, title: str = "") -> NavPage:
    data = _front_matter().get(path, {})  # MkDocs reports a page that is not there
    return NavPage(
        path,
        title or str(data.get("title", path)),
        str(data.get("level", "")),
        str(data.get("description", "")),
    )


def _walk(entries: tuple[NavPage | NavSection, ...]) -> Iterator[NavSection]:
    for entry in entries:
        if isinstance(entry, NavSection):
            yield entry
            yield from _walk(entry.entries)
