"""The cost of our additions to stock Material: bytes per page, seconds per build."""

import gzip
import os
import re
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from paradigms.site.fences.record import record_pages
from paradigms.site.markdown.adapter import KINDS
from tests.conftest import ROOT, environment

# Stock Material loads it on every page; ours loads its own when somebody searches.
INDEX = "search/search_index.json"
LIMIT = 1.28  # of stock; the outputs that wait for a guess cost 0.03 of it
CHAPTERS = ["q19", "q39", "foundations/attention-masks", "q39/autoencoding"]


STOCK = """\
site_name: Model Paradigms
theme: {name: material}
plugins: [search, tags, {mkdocs-jupyter: {include: ['*.ipynb'], ignore: ['*.md']}}]
markdown_extensions: [admonition, attr_list, md_in_html, tables, pymdownx.details,
  {toc: {permalink: true}}, {pymdownx.arithmatex: {generic: true}}, pymdownx.highlight,
  pymdownx.superfences, {pymdownx.tabbed: {alternate_style: true}}]
"""


def weight(site: Path, page: str) -> int:
    """Gzipped bytes of a page with its style sheets and scripts."""
    html = (site / page / "index.html").read_text("utf8")
    total = len(gzip.compress(html.encode(), mtime=0))
    # A browser loads once what a page names twice.
    for name in set(re.findall(r'(?:href|src)="([^"]+\.(?:css|js))"', html)):
        if not name.startswith("http"):
            content = (site / page / name).resolve().read_bytes()
            total += len(gzip.compress(content, mtime=0))
    return total


def prose(html: str) -> list[str]:
    """The text that our fences generate on a built page, without markup."""
    texts = re.findall(
        r'<(?:div class="claim |details class="question|table class="generated|'
        r'figcaption|dl class="change")'
        r".*?</(?:div|details|table|figcaption|dl)>"
        r'|<ul class="page-list">.*?</ul>',
        html,
        re.DOTALL,
    )
    return [
        re.sub(r"<svg.*?</svg>|<[^>]+>", " ", text, flags=re.DOTALL) for text in texts
    ]


@pytest.fixture(scope="session")
def stock(site, tmp_path_factory) -> Path:
    """The same pages in stock Material, with the text of our fences as prose."""
    folder = tmp_path_factory.mktemp("stock")
    shutil.copytree(ROOT / "docs", folder / "docs")
    for path, text in record_pages().items():
        page = folder / "docs" / path
        page.parent.mkdir(exist_ok=True)
        page.write_text(text, "utf8")
    for page in (folder / "docs").rglob("*.md"):
        name = page.relative_to(folder / "docs").with_suffix("").as_posix()
        html = (site / name.removesuffix("index") / "index.html").read_text("utf8")
        fences = rf"```(?:{'|'.join(KINDS)})\n.*?```\n"
        text = re.sub(fences, "", page.read_text("utf8"), flags=re.DOTALL)
        text = re.sub(r"\]\([^)]*\.md[^)]*\)", "](#)", text)
        page.write_text(text + "\n\n".join(["", *prose(html)]), "utf8")
    (folder / "mkdocs.yml").write_text(STOCK)
    subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "-d", str(folder / "site")],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        check=True,
    )
    return folder / "site"


@pytest.mark.parametrize("page", CHAPTERS)
def test_a_chapter_is_hardly_heavier_than_stock(site, stock, page, record_property):
    """At most LIMIT times the files of stock Material with the same text.

    With the index of the search, which stock Material loads, a third of its weight.
    """
    ratio = weight(site, page) / weight(stock, page)
    record_property("ratio", f"{page} {ratio:.3f}")
    print(f"{page}: {weight(site, page)} bytes, {ratio:.3f} of stock")
    assert ratio <= LIMIT
    index = len(gzip.compress((stock / INDEX).read_bytes(), mtime=0))
    assert weight(site, page) <= (weight(stock, page) + index) / 3


def test_a_heavy_page_is_noticed(site, stock, tmp_path):
    """Negative control: 12 kB that do not compress put a page over its limit."""
    copy = tmp_path / "site"
    shutil.copytree(site, copy)
    page = copy / "q39/index.html"
    page.write_text(page.read_text("utf8") + os.urandom(12_000).hex(), "utf8")
    assert weight(copy, "q39") / weight(stock, "q39") > LIMIT


def processor_seconds() -> float:
    """CPU seconds of all child processes that have ended so far."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def test_a_process_is_charged_for_its_work():
    """Negative control: half a second of work counts half a second, sleep nothing."""
    busy = "import time\nwhile time.process_time() < 0.5: pass"
    for code, minimum, maximum in (
        (busy, 0.5, 2),
        ("import time; time.sleep(1)", 0, 0.5),
    ):
        before = processor_seconds()
        subprocess.run([sys.executable, "-S", "-c", code], check=True)
        assert minimum <= processor_seconds() - before < maximum


@pytest.mark.parametrize(("kind", "limit"), [("cold", 3.1), ("warm", 0.85)])
def test_a_build_takes_little_longer_than_stock(stock, sources, kind, limit):
    """Processor seconds beside stock Material with the same text, in pairs.

    Cold: nothing is on disk. Warm: nothing has changed since the last build. No stock
    site has the practice tools, the abbreviations, the notebooks and the downloads.
    """
    best = {sources: 1e9, stock.parent: 1e9}
    # A build waits for nothing but other processes, and other load only adds.
    for _ in range(2):
        for folder, seconds in best.items():
            if kind == "cold":
                shutil.rmtree(folder / ".cache/build", ignore_errors=True)
            command = [sys.executable, "-m", "mkdocs", "build", "-d", "built"]
            start = processor_seconds()
            subprocess.run(
                command,
                cwd=folder,
                env=environment(folder),
                check=True,
                capture_output=True,
            )
            best[folder] = min(seconds, processor_seconds() - start)
    ours, stocks = best.values()
    print(f"{kind}: ours {ours:.2f} s, stock {stocks:.2f} s, {ours / stocks:.2f}")
    assert ours / stocks <= limit
