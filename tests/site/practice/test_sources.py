"""The scripts of the tools: types, copies of libraries, weight."""

import gzip
import re
import shutil
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.site.practice.conftest import MODULES, node

FOLDER = ROOT / "docs/javascripts/practice"
TYPES = [str(MODULES / "typescript/bin/tsc"), "-p", "docs/javascripts/tsconfig.json"]
COPIES = {
    "ts-fsrs.js": "ts-fsrs/dist/index.mjs",
    "ts-fsrs.LICENSE.txt": "ts-fsrs/LICENSE",
    "idb.js": "idb/build/index.js",
    "idb.LICENSE.txt": "idb/LICENSE",
}


def test_types_are_right():
    """`tsc --strict` finds nothing in the scripts; their types are in JSDoc."""
    result = node(*TYPES)
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_wrong_type_is_noticed(tmp_path):
    """Negative control: a number where a string belongs, and an unknown property."""
    shutil.copytree(ROOT / "docs/javascripts", tmp_path / "docs/javascripts")
    (tmp_path / "node_modules").symlink_to(MODULES)
    with (tmp_path / "docs/javascripts/practice/deck.js").open("a") as script:
        script.write('\nselect([], new Map(), { part: 1, level: "" });\n')
    result = node(*TYPES, folder=tmp_path)
    assert "deck.js" in result.stdout
    assert "TS2345" in result.stdout or "TS2322" in result.stdout


@pytest.mark.parametrize("copy", COPIES)
def test_a_library_is_the_one_of_the_lock_file(copy):
    """What the site serves is what npm has checked against its hash."""
    original = (MODULES / COPIES[copy]).read_bytes()
    assert (ROOT / "docs/javascripts/vendor" / copy).read_bytes() == original


def test_the_lock_file_has_hashes_and_no_addresses():
    """Every package is checked, and may come from any registry."""
    text = (ROOT / "package-lock.json").read_text("utf8")
    assert text.count('"node_modules/') == text.count('"integrity": "sha512-') >= 4
    assert "resolved" not in text
    assert "://" not in text


def test_the_site_serves_no_types(site):
    """Only the tests read them."""
    assert list((ROOT / "docs/javascripts/vendor").glob("*.d.ts"))
    assert list(site.rglob("*.d.ts")) == []


IMPORT = re.compile(r'(?:from|import)\s*\(?"(\./|\.\./vendor/)([\w.-]+\.js)"')


@cache
def loaded(site: Path, name: str) -> frozenset[Path]:
    """A script of the site, and all that it imports."""
    path = site / "javascripts/practice" / name
    scripts = {path}
    for folder, other in IMPORT.findall(path.read_text("utf8")):
        if folder == "./":
            scripts |= loaded(site, other)
        else:
            scripts.add(site / "javascripts/vendor" / other)
    return frozenset(scripts)


def gzipped(paths) -> int:
    """Bytes as a server sends them."""
    return sum(len(gzip.compress(path.read_bytes(), mtime=0)) for path in paths)


@pytest.mark.parametrize(
    ("script", "most"),
    [("mount.js", 4_000), ("cards.js", 26_000), ("review.js", 26_000),
     ("progress.js", 12_000), ("whiteboard.js", 16_000)],
)  # fmt: skip
def test_a_page_gains_little(site, script, most, record_property):
    """Of all pages 4 kB at most; with mount.js, a page with cards 30 kB."""
    scripts = loaded(site, script)
    assert all(path.is_file() for path in scripts)
    size = gzipped(scripts)
    record_property("bytes", f"{script} {size}")
    print(f"{script}: {size} bytes in {len(scripts)} files")
    assert 500 < size <= most


def test_no_file_of_the_bank_is_large(site):
    """The list of all cards at most 50 kB, the texts of a topic at most 30."""
    sizes = {p.name: gzipped([p]) for p in (site / "practice/cards").glob("*.json")}
    assert sizes.pop("index.json") <= 50_000
    assert len(sizes) > 15
    assert max(sizes.values()) <= 30_000


def test_a_page_without_tools_gains_nothing(site):
    """The build adds the script to pages with a question or a tool only."""
    with_script = {
        path.parent.relative_to(site).as_posix()
        for path in site.rglob("index.html")
        if "practice/mount.js" in path.read_text("utf8")
    }
    assert {"practice/review", "practice/decoding", "q19", "."} <= with_script
    assert not {"reference/glossary", "reference/claims", "systems"} & with_script


def test_a_page_loads_only_the_small_script(visit):
    """Questions load the rest when one is opened."""
    page = visit("practice/decoding/")
    names = page.evaluate(
        "performance.getEntriesByType('resource').map((entry) => entry.name)"
    )
    ours = [name for name in names if "javascripts/practice/" in name]
    assert [name.rpartition("/")[2] for name in ours] == ["mount.js"]
