"""The whole site as PDF: every page, in order, with links that resolve."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from unicodedata import normalize

import pytest
from bs4 import BeautifulSoup
from pypdf import PdfReader

from paradigms.__main__ import main
from paradigms.site.exports.pdf import edition
from paradigms.site.exports.single_page import document, leaves
from tests.conftest import ROOT, environment
from tests.site.test_site import pages_of, settings

PART = "foundations/"


def addresses(nav: list) -> list[str]:
    """The address of every page of a navigation, in order."""
    stems = (re.sub(r"\.(md|ipynb)$", "", page) for page in pages_of(nav))
    return [f"{re.sub(r'(^|/)index$', '', stem)}/".removeprefix("/") for stem in stems]


def dead_links(html: BeautifulSoup) -> list[str]:
    """Links inside the document whose target does not exist."""
    ids = {tag["id"] for tag in html.select("[id]")}
    hrefs = [str(tag["href"]) for tag in html.select('a[href^="#"]')]
    return [href for href in hrefs if href[1:] not in ids]


def twice(html: BeautifulSoup) -> list[str]:
    """Ids of more than one element."""
    counts = Counter(str(tag["id"]) for tag in html.select("[id]"))
    return [name for name, number in counts.items() if number > 1]


@pytest.fixture(scope="module")
def whole(site) -> BeautifulSoup:
    """The document of all pages."""
    html = document(site, leaves(site), edition(site))
    return BeautifulSoup(html, "html.parser")


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a new process: two browsers cannot share one."""
    return subprocess.run(
        [sys.executable, "-m", "paradigms", "export", "print", *arguments],
        check=False,
        env={**environment(ROOT), **variables},
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def printed(site, tmp_path_factory) -> PdfReader:
    """A part of the built site, printed by Chromium."""
    file = tmp_path_factory.mktemp("print") / "part.pdf"
    result = run("--site", str(site), "--part", PART, "--output", str(file))
    assert result.returncode == 0, result.stderr
    assert result.stdout == f"{file}: 4 pages of the site\n"
    return PdfReader(file)


@pytest.fixture(scope="module")
def texts(printed) -> list[str]:
    """The text of each PDF page, with whitespace normalised."""
    return [" ".join(page.extract_text().split()) for page in printed.pages]


def squeezed(text: str) -> str:
    """A text without whitespace, with ligatures as letters."""
    return re.sub(r"\s", "", normalize("NFKC", text))


def headings(site: Path, part: str) -> list[str]:
    """The first heading of every page of a part."""
    return [
        leaf.article.h1.get_text().removesuffix("¶").strip()
        for leaf in leaves(site, part)
    ]


def test_every_page_of_the_navigation_is_there_in_order(site, whole):
    """Contents and document have the order of mkdocs.yml."""
    nav = addresses(settings()["nav"])
    pages = leaves(site)
    assert [leaf.address for leaf in pages] == nav
    names = [leaf.name for leaf in pages]
    assert [tag["id"] for tag in whole.select(".leaf")] == names
    assert [tag["href"][1:] for tag in whole.select(".contents a")] == names
    sections = [tag.get_text() for tag in whole.select(".contents .section")]
    assert sections[:3] == [
        "Q19: generative or discriminative",
        "Q39: autoregressive or autoencoding",
        "Systems",
    ]


def test_all_links_inside_lead_somewhere_and_no_id_comes_twice(whole):
    """Links between pages resolve, too; external links keep their URL."""
    assert dead_links(whole) == []
    assert twice(whole) == []
    links = [str(tag["href"]) for tag in whole.select("a[href]")]
    assert sum(href.startswith("#page-") for href in links) > 1000
    assert all(href.startswith(("#", "https://", "http://")) for href in links)


def test_a_dead_link_and_a_second_id_are_noticed():
    """The guards themselves."""
    html = BeautifulSoup(
        '<a href="#b">x</a><p id="a"></p><p id="a"></p>', "html.parser"
    )
    assert dead_links(html) == ["#b"]
    assert twice(html) == ["a"]


def test_nothing_is_folded_and_nothing_is_for_the_screen_only(whole):
    """Answers are open; no scripts, no tags; styles of a page apply to no other."""
    assert whole.select("details.question[open]")
    assert not whole.select("details:not([open])")
    assert not whole.select("script, .headerlink, nav.md-tags")
    styles = [tag.string for tag in whole.select(".leaf style") if tag.string]
    assert not whole.select(".leaf link")
    scopes = ("@scope (.jupyter-wrapper)", "@scope (#page-")
    assert all(style.startswith(scopes) for style in styles)
    assert len(styles) == len(set(styles))


def test_links_out_of_a_part_lead_to_the_published_site(site):
    """Without a published site they are plain text."""
    part = leaves(site, PART)
    html = BeautifulSoup(document(site, part, ""), "html.parser")
    assert dead_links(html) == []
    assert not html.select('a[href^="http://"], a[href*="reference"]')
    html = document(site, leaves(site, PART), "", "https://example.org/x")
    assert 'href="https://example.org/x/reference/bibliography/#' in html


def test_the_title_page_says_which_edition(site, whole, monkeypatch):
    """The newest version of the changelog, and the day of the build."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert re.fullmatch(r"Version \S.*, built 14 November 2023", edition(site))
    cover = whole.select_one(".cover").get_text(" ")
    assert cover.startswith("Model Paradigms Two interview questions")
    assert re.search(r"Version \S+.*, built \d+ \w+ 20\d\d", cover)


def test_the_outline_has_every_page_in_order(site, printed):
    """The PDF outline has the headings of all pages, in order."""
    tops = [entry for entry in printed.outline if not isinstance(entry, list)]
    assert [entry.title for entry in tops] == headings(site, PART)
    numbers = [printed.get_destination_page_number(entry) for entry in tops]
    assert numbers == sorted(numbers)
    assert numbers[0] == 2, "after the title page and the contents"
    assert printed.trailer["/Root"]["/MarkInfo"]["/Marked"]


def test_links_on_paper_lead_to_its_pages(printed):
    """Every internal link has a destination in the document."""
    places = printed.named_destinations
    targets = []
    for page in printed.pages:
        for annotation in (entry.get_object() for entry in page.get("/Annots", [])):
            target = annotation.get("/Dest") or annotation.get("/A", {}).get("/D")
            if target is not None:
                targets.append(target)
    assert len(targets) >= 3, "the contents at least"
    assert [t for t in targets if isinstance(t, str) and t not in places] == []
    numbers = {printed.get_destination_page_number(places[t]) for t in targets}
    assert numbers <= set(range(len(printed.pages)))


def test_no_page_is_blank_and_all_are_numbered(texts):
    """Each has text, and its number at the foot."""
    assert all(page.endswith(str(n)) for n, page in enumerate(texts, 1))
    assert all(len(page) > 40 for page in texts[1:])


def test_the_first_and_the_last_page_of_a_part_are_there(site, texts):
    """Of both, the first and the last paragraph without a formula are printed."""
    joined = squeezed("".join(texts))
    for leaf in (leaves(site, PART)[0], leaves(site, PART)[-1]):
        paragraphs = [
            p
            for p in leaf.article.select("article > p:not(.as-notebook)")
            if not p.select("math")
        ]
        for paragraph in (paragraphs[0], paragraphs[-1]):
            assert squeezed(paragraph.get_text())[:50] in joined


def test_formulas_and_figures_are_printed(printed, texts):
    """The letters of formulas and figures are in the text, the lines on their page."""
    assert "Position 𝑞 attends to every 𝑘≤ 𝑞" in " ".join(texts), (
        "MathML as letters of its own"
    )
    page = next(n for n, page in enumerate(texts) if "A gallery" in page)
    assert "2 [MASK]" in texts[page]
    assert "may see → looks ↓" in texts[page]
    lines = [page.get_contents().get_data().count(b" l\n") for page in printed.pages]
    assert lines[page] > 500 > lines[0]


def test_what_is_missing_is_said_in_one_line(tmp_path, site):
    """No Chromium, no built site, no such page: nothing is written."""
    output = ("--output", str(tmp_path / "x.pdf"))
    nowhere = {"PATH": str(tmp_path), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path)}
    for result, message in (
        (run("--site", str(site), *output, **nowhere), "printing needs Chromium"),
        (run("--site", str(tmp_path), *output), "holds no built site"),
        (run("--site", str(site), "--part", "cooking", *output), "begins with 'cook"),
    ):
        assert result.returncode == 1
        assert message in result.stderr
        assert result.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_without_playwright_it_is_said_too(monkeypatch, capsys, tmp_path):
    """One line that says how to get it."""
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
    monkeypatch.delitem(sys.modules, "paradigms.site.exports.pdf", raising=False)
    monkeypatch.delattr("paradigms.site.exports.pdf", raising=False)
    assert main(["export", "print", "--output", str(tmp_path / "x")]) == 1
    error = capsys.readouterr().err
    assert "playwright" in error
    assert "make test" in error
    assert error.count("\n") == 1
