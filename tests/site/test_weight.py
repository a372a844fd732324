"""The cost of our additions to stock Material: bytes per page, seconds per build."""

import gzip
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from paradigms.site.benchmarks.page_weight import weight
from paradigms.site.benchmarks.processes import build as build_site
from paradigms.site.benchmarks.stock import write_stock
from paradigms.site.fences.record import record_pages
from tests.conftest import ROOT, environment

# Stock Material loads it on every page; ours loads its own when somebody searches.
INDEX = "search/search_index.json"
LIMIT = 1.28  # of stock; the outputs that wait for a guess cost 0.03 of it
CHAPTERS = ["q19", "q39", "foundations/attention-masks", "q39/autoencoding"]


@pytest.fixture(scope="session")
def stock(site, tmp_path_factory) -> Path:
    """The same pages in stock Material, with the text of our fences as prose."""
    folder = tmp_path_factory.mktemp("stock")
    write_stock(ROOT / "docs", site, folder, record_pages())
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


@pytest.mark.parametrize(("kind", "limit"), [("cold", 3.5), ("warm", 0.55)])
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
            best[folder] = min(seconds, build_site(folder).seconds)
    ours, stocks = best.values()
    print(f"{kind}: ours {ours:.2f} s, stock {stocks:.2f} s, {ours / stocks:.2f}")
    assert ours / stocks <= limit
