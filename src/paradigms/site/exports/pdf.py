"""The site or the cheat sheet as a PDF, printed by Chromium."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, Error, sync_playwright

from paradigms._files import ROOT
from paradigms.site.exports.single_page import document, leaves

# The first has no windows: it opens a page in a third of the processor time.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
# Without these, Chromium contacts Google and waits for a GPU.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_FOOTER = (
    '<div style="width: 100%; font: 8px sans-serif; text-align: center">'
    '<span class="pageNumber"></span></div>'
)
_CHEAT_SHEET = "practice/cheat-sheet/"
_TIMEOUT = 300_000  # milliseconds; the document is long


def write(file: Path, site: Path | None, part: str = "") -> int:
    """Print a site, built first if none is given; returns the number of its pages.

    Errors: ValueError with one line, without Chromium or without a site.
    """
    with _chromium() as browser, _built(site) as folder:
        pages = leaves(folder, part)
        url = os.environ.get("SITE_URL", "")
        html = document(folder, pages, edition(folder), url)
        _print(browser, html, file, numbered=True)
    return len(pages)


def write_cheat_sheet(file: Path, site: Path | None) -> None:
    """Print the cheat sheet of a site, built first if none is given: two sides of A4.

    It has no title page, no numbers of pages and no links: it is the same everywhere.
    Errors: as `write`.
    """
    with _chromium() as browser, _built(site) as folder:
        html = document(folder, leaves(folder, _CHEAT_SHEET))
        _print(browser, html, file, numbered=False)


@contextmanager
def _chromium() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, NAMES)), None)  # or playwright's own
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        except Error:
            raise ValueError(
                "printing needs Chromium: "
                "sudo apt-get install chromium-headless-shell, "
                "or put Chrome on the PATH"
            ) from None
        yield browser
        browser.close()


@contextmanager
def _built(site: Path | None) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield site or _build(Path(folder) / "site")


def edition(site: Path) -> str:
    """The newest version of the changelog, and the day on which the site was built."""
    changes = (ROOT / "CHANGELOG.md").read_text("utf8")
    (newest,) = re.findall(r"^## (.+)$", changes, re.MULTILINE)[:1]
    built = (site / "index.html").stat().st_mtime
    day = datetime.fromtimestamp(float(os.environ.get("SOURCE_DATE_EPOCH", built)), UTC)
    return f"Version {newest}, built {day.day} {day:%B %Y}"


def _build(folder: Path) -> Path:
    """Build this repository strictly. Errors: ValueError with the build's messages."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", str(folder)]
    process = subprocess.run(
        command, check=False, cwd=ROOT, capture_output=True, text=True
    )
    if process.returncode:
        lines = [line for line in process.stderr.splitlines() if "INFO" not in line]
        raise ValueError("\n".join(["the site cannot be built:", *filter(None, lines)]))
    return folder


def _print(browser: Browser, html: str, file: Path, *, numbered: bool) -> None:
    page = browser.new_page()
    page.set_default_timeout(_TIMEOUT)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "document.html"
        source.write_text(html, "utf8")
        page.goto(source.as_uri())
    page.pdf(
        path=file,
        outline=True,
        tagged=True,
        print_background=True,
        prefer_css_page_size=True,
        display_header_footer=numbered,
        header_template="<span></span>",
        footer_template=_FOOTER,
    )
