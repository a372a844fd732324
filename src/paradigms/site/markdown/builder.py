"""The page that a builder renders: its path, and the addresses of other pages.

MkDocs and ProperDocs hand it over in a tree processor of theirs, and so does Zensical,
without the files of the site.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from posixpath import dirname, relpath
from typing import Any

from markdown import Markdown
from mkdocs.utils import get_relative_url

from paradigms.site.content.pages import page_url, pages


@dataclass(frozen=True)
class RenderedPage:
    """A page, `q39/cache.md`, while its Markdown becomes HTML; `source` reads it.

    `url` turns the path of another page into its address as seen from this one, or into
    None if there is no such page. `link` does so for HTML that the builder still
    changes: Zensical itself turns paths into addresses there. `anchors` are the ids
    that the builder knows as targets of links.
    """

    path: str
    source: Callable[[], str]
    url: Callable[[str], str | None]
    link: Callable[[str], str | None]
    anchors: set[str] = field(default_factory=set)


def rendered_page(md: Markdown) -> RenderedPage | None:
    """The page being built; None inside generated HTML."""
    if "relpath" in md.treeprocessors:
        return _of_mkdocs(md)
    if "zrelpath" in md.treeprocessors:
        return _of_zensical(md)
    return None


def _of_mkdocs(md: Markdown) -> RenderedPage:
    processor: Any = md.treeprocessors["relpath"]  # MkDocs adds both, without types
    # The name of the other one begins with that of the builder.
    ids = (getattr(other, "present_anchor_ids", None) for other in md.treeprocessors)
    anchors: set[str] = next((known for known in ids if known is not None), set())

    def url(path: str) -> str | None:
        file = processor.files.get_file_from_path(path)
        return get_relative_url(file.url, processor.file.url) if file else None

    def source() -> str:
        return str(processor.file.content_string)

    return RenderedPage(processor.file.src_uri, source, url, url, anchors)


def _of_zensical(md: Markdown) -> RenderedPage:
    processor: Any = md.treeprocessors["zrelpath"]
    page: str = processor.path

    def url(path: str) -> str:
        return get_relative_url(page_url(path), page_url(page))

    def link(path: str) -> str:
        return relpath(path, dirname(page) or ".")

    def source() -> str:
        """Empty for a page that was made for the builder."""
        return pages().get(page, "")

    # It does not say which pages there are, and checks links itself.
    return RenderedPage(page, source, url, link)
