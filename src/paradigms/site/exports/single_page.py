"""The pages of a built site as one HTML document, in the order of the navigation.

Each id gets the name of its page in front, so that none comes twice, and links between
pages lead to these ids. What is folded on the screen is open: paper has no clicks.
"""

from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup, Tag
from bs4.element import Stylesheet

_SITE = "https://site.invalid/"  # only to resolve relative addresses
_REFERS = ("for", "aria-labelledby", "aria-describedby", "aria-controls", "headers")
_SCREEN = {"script", "clipboard-copy"}  # what only a screen can use
_SCREEN_CLASSES = {
    "md-tags",
    "headerlink",
    "anchor-link",
    "md-content__button",
    "clipboard-copy-txt",
}
_LINKS = 'nav.md-nav--primary a.md-nav__link:not([href^="#"])'


@dataclass(frozen=True)
class Leaf:
    """A page of the navigation: `q39/cache/`, below the heading of its section."""

    address: str
    title: str
    section: str
    file: Path

    @property
    def name(self) -> str:
        """What stands before its ids; the page itself is found by it."""
        return f"page-{self.address.strip('/').replace('/', '-') or 'start'}"

    @cached_property
    def article(self) -> Tag:
        """What the page says, without what surrounds it on the screen."""
        return _soup(self.file).select_one("article")

    @cached_property
    def ids(self) -> set[str]:
        """Everything on it that a link can lead to, as it was."""
        return {str(tag["id"]) for tag in self.article.find_all(id=True)}


def leaves(site: Path, part: str = "") -> list[Leaf]:
    """Every page in the order of the navigation, or those whose address begins so.

    Errors: ValueError if no site is built there, or has no such page.
    """
    start = site / "index.html"
    links = _soup(start).select(_LINKS) if start.is_file() else []
    if not links:
        raise ValueError(f"{site} holds no built site: run `make site` first")
    found = []
    for link in links:
        address = urlsplit(urljoin(_SITE, str(link["href"]))).path.lstrip("/")
        around = link.find_parent("nav")
        inner = "md-nav--primary" not in around["class"]  # else the site's name
        label = around.select_one("label.md-nav__title").get_text(strip=True)
        title = link.get_text(strip=True)
        file = site / address / "index.html"
        found.append(Leaf(address, title, label if inner else "", file))
    kept = [leaf for leaf in found if leaf.address.startswith(part)]
    if not kept:
        raise ValueError(f"no page of the site begins with {part!r}: such as q39/")
    return kept


def document(site: Path, pages: list[Leaf], edition: str, site_url: str = "") -> str:
    """The HTML: a title page, the contents, then every page on paper of its own.

    A link to what is not in it leads to the published site, if there is one.
    """
    by_address = {leaf.address: leaf for leaf in pages}
    start = _soup(site / "index.html")
    files = [site / str(link["href"]) for link in start.select("link[rel=stylesheet]")]
    styles = "".join(
        f'<link rel="stylesheet" href="{file.resolve().as_uri()}">' for file in files
    )
    colours = "".join(f' {key}="{value}"' for key, value in start.body.attrs.items())
    ours = (Path(__file__).parent / "paper.css").read_text("utf8")
    name = escape(str(start.select_one("a.md-logo")["title"]))
    says = escape(str(start.select_one("meta[name=description]")["content"]))
    seen: set[str] = set()
    body = "".join(_printed(leaf, by_address, seen, site_url) for leaf in pages)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{name}</title>{styles}<style>{ours}</style></head>"
        f'<body{colours}><header class="cover"><p>{name}</p>'
        f"<p>{says}</p><p>{escape(edition)}</p></header>{_contents(pages)}{body}"
        "</body></html>"
    )


def _contents(pages: list[Leaf]) -> str:
    """The list of all pages below their sections."""
    lines, section = [], ""
    for leaf in pages:
        if leaf.section != section:
            section = leaf.section
            lines.append(f'<li class="section">{escape(section)}</li>')
        lines.append(f'<li><a href="#{leaf.name}">{escape(leaf.title)}</a></li>')
    return f'<nav class="contents md-typeset"><ul>{"".join(lines)}</ul></nav>'


def _printed(leaf: Leaf, pages: dict[str, Leaf], seen: set[str], site_url: str) -> str:
    """A page with ids of its own, ready to stand beside all others."""
    known = leaf.ids  # before they change
    for tag in leaf.article.find_all(True):  # one walk: a selector is a walk, too
        if tag.decomposed:
            continue
        if _only_on_screens(tag) or (tag.name == "style" and tag.string in seen):
            tag.decompose()
            continue
        if tag.name == "details":
            tag["open"] = ""
        elif tag.name == "style":  # a notebook brings its own, for all the page
            seen.add(tag.string)
            tag.string = Stylesheet(f"@scope (.jupyter-wrapper) {{ {tag.string} }}")
        elif tag.name == "link":  # a page brings its own, for itself
            file = (leaf.file.parent / str(tag["href"])).resolve()
            tag.name, tag.attrs = "style", {}
            scoped = f"@scope (#{leaf.name}) {{ {file.read_text('utf8')} }}"
            tag.string = Stylesheet("" if scoped in seen else scoped)
            seen.add(scoped)
        elif tag.name == "img":
            tag["src"] = (leaf.file.parent / str(tag["src"])).resolve().as_uri()
        elif tag.name == "a" and "href" in tag.attrs:
            _lead(tag, leaf, pages, site_url)
        elif tag.name == "input" and "name" in tag.attrs:
            tag["name"] = f"{leaf.name}--{tag['name']}"
        _rename(tag, leaf.name, known)
    return f'<div class="leaf" id="{leaf.name}">{leaf.article}</div>'


def _only_on_screens(tag: Tag) -> bool:
    """A button, a script; or the code of a test: that is 150 pages, and in `tests/`."""
    if tag.name in _SCREEN or not _SCREEN_CLASSES.isdisjoint(tag.get("class", ())):
        return True
    return tag.name == "details" and tag.find_parent("table") is not None


def _rename(tag: Tag, page: str, known: set[str]) -> None:
    """Put the name of the page before the ids that a tag has or names."""
    for kind in tag.attrs.keys() & {"id", *_REFERS}:
        names = " ".join(tag.get_attribute_list(kind)).split()
        tag[kind] = " ".join(f"{page}--{n}" if n in known else n for n in names)


def _lead(tag: Tag, leaf: Leaf, pages: dict[str, Leaf], site_url: str) -> None:
    """Make a link right from the document; without a target it is only text."""
    target = urlsplit(urljoin(_SITE + leaf.address, str(tag["href"])))
    address = target.path.lstrip("/")
    if not target.geturl().startswith(_SITE):
        return  # to the world
    other = pages.get(address)
    if other:
        there = target.fragment in other.ids
        tag["href"] = f"#{other.name}{'--' + target.fragment if there else ''}"
    elif site_url:
        tag["href"] = urljoin(site_url.rstrip("/") + "/", address) + (
            f"#{target.fragment}" if target.fragment else ""
        )
    else:
        del tag["href"]


def _soup(file: Path) -> BeautifulSoup:
    return BeautifulSoup(file.read_text("utf8"), "html.parser")
