"""The pages of a built site as one HTML document, in the order of the navigation.

Each id is prefixed with the name of its page, so that ids are unique, and links between
pages point to these ids. Folded blocks are open: paper has no clicks.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

from bs4 import BeautifulSoup, Tag
from bs4.element import Stylesheet
from markupsafe import Markup

from paradigms.site.content.navigation import in_order
from paradigms.site.templates.environment import render

_SITE = "https://site.invalid/"  # only to resolve relative addresses
# Attributes that name ids
_IDREFS = ("for", "aria-labelledby", "aria-describedby", "aria-controls", "headers")
_SCREEN_TAGS = {"script", "clipboard-copy"}  # useless on paper
_SCREEN_CLASSES = {
    "md-tags",
    "headerlink",
    "anchor-link",
    "md-content__button",
    "clipboard-copy-txt",
}
FILE = "index.html"


@dataclass(frozen=True)
class Leaf:
    """A page of the navigation: `q39/cache/`, below the heading of its section."""

    address: str
    title: str
    section: str
    file: Path

    @property
    def name(self) -> str:
        """The id of the page, and the prefix of the ids on it."""
        return f"page-{self.address.strip('/').replace('/', '-') or 'start'}"

    @cached_property
    def article(self) -> Tag:
        """The content of the page, without header, navigation and footer."""
        return _one(_soup(self.file), "article")

    @cached_property
    def ids(self) -> set[str]:
        """The ids on the page before they are prefixed."""
        return {str(tag["id"]) for tag in self.article.find_all(id=True)}


def leaves(site: Path, part: str = "") -> list[Leaf]:
    """Every page in the order of the navigation whose address begins with `part`.

    Errors: ValueError if no site is built there, or has no such page.
    """
    if not (site / "index.html").is_file():
        raise ValueError(f"{site} holds no built site: run `make site` first")
    pages = [
        Leaf(
            _address(page.path), page.title, section, site / _address(page.path) / FILE
        )
        for section, page in in_order()
    ]
    selected = [leaf for leaf in pages if leaf.address.startswith(part)]
    if not selected:
        raise ValueError(f"no page of the site begins with {part!r}: such as q39/")
    return selected


def _address(path: str) -> str:
    """Where a page is on the site: `q39/cache.md` in `q39/cache/`."""
    return f"{re.sub(r'(^|/)index$', '', path.rpartition('.')[0])}/".removeprefix("/")


def document(
    site: Path, pages: list[Leaf], edition: str = "", site_url: str = ""
) -> str:
    """The HTML: a title page, the contents, then every page, each after a page break.

    Without an edition there are only the pages.
    A link to a page that is not in it points to the published site, if there is one.
    """
    by_address = {leaf.address: leaf for leaf in pages}
    start = _soup(site / "index.html")
    sheets = start.select("link[rel=stylesheet]")
    styles: set[str] = set()
    body = "".join(_leaf_html(leaf, by_address, styles, site_url) for leaf in pages)
    return render(
        "document.html",
        name=_one(start, "a.md-logo")["title"],
        description=_one(start, "meta[name=description]")["content"],
        edition=edition,
        sheets=[(site / str(sheet["href"])).resolve().as_uri() for sheet in sheets],
        css=Markup((Path(__file__).parent / "paper.css").read_text("utf8")),
        attributes=_one(start, "body").attrs,
        leaves=pages,
        body=Markup(body),
    )


def _leaf_html(
    leaf: Leaf, pages: dict[str, Leaf], styles: set[str], site_url: str
) -> str:
    """The HTML of a page for the document, with unique ids; adds to `styles`."""
    ids = leaf.ids  # before they change
    for tag in leaf.article.find_all(True):  # one walk: a selector is a walk, too
        if tag.decomposed:
            continue
        if _is_screen_only(tag) or (tag.name == "style" and tag.string in styles):
            tag.decompose()
            continue
        if tag.name == "details":
            tag["open"] = ""
        elif tag.name == "style":  # a notebook's styles, which would apply to all pages
            styles.add(str(tag.string))
            tag.string = Stylesheet(f"@scope (.jupyter-wrapper) {{ {tag.string} }}")
        elif tag.name == "link":  # the style sheet of one page
            file = _file(leaf, str(tag["href"]))
            tag.name, tag.attrs = "style", {}
            scoped = f"@scope (#{leaf.name}) {{ {file.read_text('utf8')} }}"
            tag.string = Stylesheet("" if scoped in styles else scoped)
            styles.add(scoped)
        elif tag.name in {"img", "source"}:
            _rewrite_sources(tag, leaf)
        elif tag.name == "a" and "href" in tag.attrs:
            _rewrite_link(tag, leaf, pages, site_url)
        elif tag.name == "input" and "name" in tag.attrs:
            tag["name"] = f"{leaf.name}--{tag['name']}"
        _prefix_ids(tag, leaf.name, ids)
    return f'<div class="leaf" id="{leaf.name}">{leaf.article}</div>'


def _rewrite_sources(tag: Tag, leaf: Leaf) -> None:
    """Point pictures to files of the site; other addresses, `data:` too, stay.

    Errors: ValueError for a picture that the site lacks.
    """
    if "src" in tag.attrs:
        tag["src"] = _picture(leaf, str(tag["src"]))
    if "srcset" in tag.attrs:
        sources = (part.split() for part in re.split(r",\s+", str(tag["srcset"])))
        tag["srcset"] = ", ".join(
            " ".join([_picture(leaf, address), *size]) for address, *size in sources
        )


def _picture(leaf: Leaf, address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return address
    file = _file(leaf, parts.path)
    if not file.is_file():
        raise ValueError(f"{leaf.address}: there is no picture {address!r}")
    return urlunsplit(urlsplit(file.as_uri())._replace(fragment=parts.fragment))


def _file(leaf: Leaf, path: str) -> Path:
    """The file that a page names relative to itself."""
    return (leaf.file.parent / unquote(path)).resolve()


def _is_screen_only(tag: Tag) -> bool:
    """Buttons, scripts, and code of tests: that is 150 pages, and in `tests/`."""
    classes = tag.get_attribute_list("class")
    if tag.name in _SCREEN_TAGS or not _SCREEN_CLASSES.isdisjoint(classes):
        return True
    return tag.name == "details" and tag.find_parent("table") is not None


def _prefix_ids(tag: Tag, page: str, ids: set[str]) -> None:
    """Prefix the ids that a tag has or refers to with the name of the page."""
    for kind in tag.attrs.keys() & {"id", *_IDREFS}:
        names = " ".join(tag.get_attribute_list(kind)).split()
        tag[kind] = " ".join(f"{page}--{n}" if n in ids else n for n in names)


def _rewrite_link(tag: Tag, leaf: Leaf, pages: dict[str, Leaf], site_url: str) -> None:
    """Point a link into the document or to the site; without either it is only text."""
    target = urlsplit(urljoin(_SITE + leaf.address, str(tag["href"])))
    address = target.path.lstrip("/")
    if not target.geturl().startswith(_SITE):
        return  # an external link
    other = pages.get(address)
    if other:
        has_fragment = target.fragment in other.ids
        tag["href"] = f"#{other.name}{'--' + target.fragment if has_fragment else ''}"
    elif site_url:
        tag["href"] = urljoin(site_url.rstrip("/") + "/", address) + (
            f"#{target.fragment}" if target.fragment else ""
        )
    else:
        del tag["href"]


def _one(tag: Tag, selector: str) -> Tag:
    """The first match. Errors: ValueError if a page of the theme has none."""
    match = tag.select_one(selector)
    if match is None:
        raise ValueError(f"a page of the site has no {selector}")
    return match


def _soup(file: Path) -> BeautifulSoup:
    return BeautifulSoup(file.read_text("utf8"), "html.parser")
