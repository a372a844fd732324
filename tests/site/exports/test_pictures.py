"""Pictures in the printed document: files of the site, and others as they are."""

from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from paradigms.site.exports.single_page import Leaf, _leaf_html

DATA = "data:image/png;base64,iVBORw0KGgo="


def sources(folder: Path, html: str) -> list[str]:
    """The addresses of pictures on a page of the document."""
    page = folder / "q39/cache/index.html"
    page.parent.mkdir(parents=True)
    page.write_text(f"<article>{html}</article>", "utf8")
    leaf = Leaf("q39/cache/", "The cache", "Q39", page)
    soup = BeautifulSoup(_leaf_html(leaf, {}, set(), ""), "html.parser")
    return [
        str(tag[kind])
        for tag in soup.find_all(["img", "source"])
        for kind in ("src", "srcset")
        if tag.has_attr(kind)
    ]


@pytest.mark.parametrize(
    "address", [DATA, "https://example.org/a.png", "//example.org/a.png", "HTTP://a/b"]
)
def test_other_addresses_stay(tmp_path, address):
    """As notebooks store plots, or of another site."""
    assert sources(tmp_path, f'<img src="{address}">') == [address]


def test_files_of_the_site_are_found(tmp_path):
    """Relative to the page; a name may have blanks, and letters that are not Latin."""
    (tmp_path / "a b.png").write_bytes(b"")
    (tmp_path / "маска.svg").write_bytes(b"")
    html = (
        '<img src="../../a%20b.png"><picture><source srcset="../../a%20b.png 1x, '
        '../../маска.svg#top 2x"></picture>'
    )
    image, both = sources(tmp_path, html)
    assert image == (tmp_path / "a b.png").as_uri()
    second = (tmp_path / "маска.svg").as_uri()
    assert both == f"{image} 1x, {second}#top 2x"


def test_a_missing_picture_is_an_error(tmp_path):
    """In one line with page and picture."""
    with pytest.raises(ValueError, match=r"^q39/cache/: there is no picture 'none"):
        sources(tmp_path, '<img src="none.png">')
