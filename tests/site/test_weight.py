"""The cost of our additions to stock Material: bytes per page, seconds per build."""

import gzip
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from paradigms.site.benchmarks.page_weight import loaded_files, weight
from paradigms.site.benchmarks.processes import build as build_site
from paradigms.site.benchmarks.stock import write_stock
from paradigms.site.content.fenced_blocks import without_fenced_blocks
from paradigms.site.fences.record import record_pages
from tests.conftest import ROOT, Quiet, environment, new_page, serving, settle

# Stock Material loads it on every page; ours loads its own when somebody searches.
INDEX = "search/search_index.json"
LIMIT = 1.1  # of stock
PAGES = ["", "q19", "q39", "q39/autoencoding", "practice/decoding", "practice/quiz"]


@pytest.fixture(scope="session")
def stock(tmp_path_factory) -> Path:
    """The same pages in stock Material, with what our fences show as Markdown."""
    folder = tmp_path_factory.mktemp("stock")
    write_stock(ROOT / "docs", folder, record_pages())
    subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "-d", str(folder / "site")],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        check=True,
    )
    return folder / "site"


def article(page: Path) -> str:
    """The HTML of the text of a built page, without navigation."""
    html = page.read_text("utf8")
    return html[html.index("<article") : html.index("</article>")]


def words(html: str) -> int:
    """The words in HTML that are no part of a formula or a drawing."""
    no_text = r'<(span|div) class="arithmatex">.*?</\1>|<(button|label|svg)\b.*?</\2>'
    text = re.sub(r"<[^>]+>", " ", re.sub(no_text, " ", html, flags=re.S))
    return len(re.findall("[a-z]{2,}", text, re.I))


def test_the_stock_site_has_our_text(site, stock):
    """Each page has nine tenths of our words at least, all pages together 98 to 102%.

    It has as many tables, lists and blocks of code, but for the table of tests, whose
    cells hold code, which those of Markdown cannot. Negative control: without what our
    fences show, a page of questions has few words.
    """
    pages = [path.relative_to(stock) for path in stock.rglob("index.html")]
    articles = {page: (article(site / page), article(stock / page)) for page in pages}
    assert len(articles) > 100
    counts = {page: tuple(map(words, texts)) for page, texts in articles.items()}
    assert not [page for page, (ours, stocks) in counts.items() if stocks < 0.9 * ours]
    assert sums(counts)[1] == pytest.approx(sums(counts)[0], rel=0.02)

    del articles[Path("reference/evidence/index.html")]
    for element in ("table", "pre", "li"):
        tag = re.compile(rf"<{element}[ >]")
        numbers = {
            page: [len(tag.findall(html)) for html in pair]
            for page, pair in articles.items()
        }
        ours, stocks = sums(numbers)
        assert stocks == pytest.approx(ours, rel=0.02), element

    source = (ROOT / "docs/practice/decoding.md").read_text("utf8")
    rest = without_fenced_blocks(source)
    assert words(rest) < 0.1 * counts[Path("practice/decoding/index.html")][1]


def sums(counts: Mapping[Path, Sequence[int]]) -> list[int]:
    """Those of ours and of stock over all pages."""
    return [sum(column) for column in zip(*counts.values(), strict=True)]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_hardly_heavier_than_stock(site, stock, page, record_property):
    """At most LIMIT times the files of stock Material with the same text.

    With the index of the search, which stock Material loads, a third of its weight.
    """
    ratio = weight(site, page) / weight(stock, page)
    record_property("ratio", f"{page} {ratio:.3f}")
    print(f"{page}: {weight(site, page)} bytes, {ratio:.3f} of stock")
    assert ratio <= LIMIT
    index = len(gzip.compress((stock / INDEX).read_bytes(), mtime=0))
    assert weight(site, page) <= (weight(stock, page) + index) / 3


@pytest.mark.parametrize("kind", ["ours", "stock"])
def test_the_files_that_count_are_those_that_a_browser_loads(
    site, stock, browser, kind
):
    """Chromium loads them at once, and of ours nothing else but icons.

    Negative control: stock Material loads its search, script and index.
    """
    folder = site if kind == "ours" else stock
    requested = set()

    class Noting(Quiet):
        def do_GET(self):
            requested.add(self.translate_path(self.path))
            super().do_GET()

    with serving(folder, Noting) as url:
        page = new_page(browser)
        page.goto(f"{url}q39/")
        settle(page, quiet=500)
        page.close()
    files = loaded_files(folder, "q39")
    names = {Path(path).resolve() for path in requested}
    names = {path / "index.html" if path.is_dir() else path for path in names}
    others = {path.relative_to(folder.resolve()).as_posix() for path in names - files}
    others = {name for name in others if not name.endswith((".png", ".webmanifest"))}
    assert files <= names
    assert others == ({INDEX} if kind == "stock" else set())
    assert any("workers" in path.parts for path in files) is (kind == "stock")


def test_a_heavy_page_is_noticed(site, stock, tmp_path):
    """Negative control: 12 kB that do not compress put a page over its limit."""
    copy = tmp_path / "site"
    shutil.copytree(site, copy)
    page = copy / "q39/index.html"
    page.write_text(page.read_text("utf8") + os.urandom(12_000).hex(), "utf8")
    assert weight(copy, "q39") / weight(stock, "q39") > LIMIT


def test_a_build_is_charged_for_its_processes(tmp_path):
    """Negative control: a second of work counts a second, sleep nothing.

    Work in a process that the build starts and waits for counts too.
    """
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/index.md").write_text("# Page\n")
    busy = (
        "import time\nend = time.process_time() + 1\n"
        "while time.process_time() < end: pass"
    )
    started = f"import subprocess as s, sys; s.run([sys.executable, '-c', {busy!r}])"
    for code, minimum, maximum in (
        (busy, 0.7, 2),
        (started, 0.7, 2),
        ("import time; time.sleep(1)", -0.4, 0.5),
    ):
        (tmp_path / "hook.py").write_text("")
        (tmp_path / "mkdocs.yml").write_text("site_name: x\nhooks: [hook.py]\n")
        plain = build_site(tmp_path)
        (tmp_path / "hook.py").write_text(code)
        worked = build_site(tmp_path)
        assert minimum <= worked.seconds - plain.seconds < maximum


@pytest.mark.parametrize(("kind", "limit"), [("cold", 1.5), ("warm", 0.35)])
def test_a_build_takes_little_longer_than_stock(stock, sources, kind, limit):
    """Processor seconds beside stock Material with the same text, in pairs.

    Cold: nothing is on disk. Warm: nothing has changed since the last build. No stock
    site has the practice tools, the abbreviations and the downloads.
    """
    best = {sources: 1e9, stock.parent: 1e9}
    # A build waits for nothing but other processes, and other load only adds.
    for _ in range(2):
        for folder, seconds in best.items():
            if kind == "cold":
                shutil.rmtree(folder / ".cache/build", ignore_errors=True)
            best[folder] = min(seconds, build_site(folder).seconds)
    ours, stocks = best.values()
    print(f"{kind}: ours {ours:.2f} s, stock {stocks:.2f} s, {ours / stocks:.2f}")
    assert ours / stocks <= limit
