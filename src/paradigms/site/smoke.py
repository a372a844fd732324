"""The site built by another builder, compared with the one that MkDocs builds.

A builder ignores what it does not know without a word, so what the pages show is
counted: a page, a figure or an id may be missing without an error.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlparse

from paradigms.site.exports.site_files import write
from paradigms.site.working_copy import copy_sources, environment, error_line

LISTED = 10  # differences
BUILDERS = ("properdocs", "zensical")
WITHOUT_HOOKS = ("zensical",)  # they get what the hooks make as files
COUNTED = ("pages", "headings", "figures", "tables", "formulas", "questions", "ids")
_ELEMENTS = {"figure": "figures", "table": "tables", "math": "formulas"}


class Contents(HTMLParser):
    """Counts what one page shows; `ids` and `links` are those of its elements."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter(pages=1)
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.feed(html)
        self.close()
        self.counts["ids"] = len(self.ids)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Count an element."""
        attributes = dict(attrs)
        if re.fullmatch("h[1-6]", tag):
            self.counts["headings"] += 1
        if tag in _ELEMENTS:
            self.counts[_ELEMENTS[tag]] += 1
        classes = (attributes.get("class") or "").split()
        self.counts["questions"] += tag == "details" and "question" in classes
        if value := attributes.get("id"):
            self.ids.add(value)
        if tag == "a" and attributes.get("href"):
            self.links.append(attributes["href"] or "")


def contents(site: Path) -> dict[str, Contents]:
    """The contents of every page of a built site by its path."""
    return {
        path.relative_to(site).as_posix(): Contents(path.read_text("utf8"))
        for path in sorted(site.rglob("*.html"))
    }


def dead_links(site: Path, pages: dict[str, Contents]) -> Iterator[str]:
    """Each link inside the site that leads to no file or to no id of a page."""
    for path, page in pages.items():
        for link in page.links:
            address = urlparse(urljoin(path, link))
            if address.scheme or address.netloc:
                continue
            target = unquote(address.path).removeprefix("/")
            anchor = unquote(address.fragment)
            if not target or target.endswith("/"):
                target += "index.html"
            ids = pages[target].ids if target in pages else {anchor}
            if not (site / target).is_file() or {anchor} - ids - {""}:
                yield f"{path}: {link}"


def differences(ours: Path, other: Path) -> list[str]:
    """A line for each page that shows less or more in the other site, and dead link."""
    pages, others = contents(ours), contents(other)
    lines = []
    for path in sorted(pages.keys() | others.keys()):
        counts, theirs = (
            site[path].counts if path in site else Counter() for site in (pages, others)
        )
        lines += [
            f"{path}: {counts[what]} {what}, there {theirs[what]}"
            for what in COUNTED
            if counts[what] != theirs[what]
        ]
    return lines + [f"dead link there: {link}" for link in dead_links(other, others)]


def totals(site: Path) -> dict[str, int]:
    """What all pages of a built site show."""
    pages = contents(site)
    counts = sum((page.counts for page in pages.values()), Counter())
    dead = sum(1 for _ in dead_links(site, pages))
    return {what: counts[what] for what in COUNTED} | {"dead links": dead}


def main(name: str, python: str) -> int:
    """Build with both and print what differs; 1 if the other fails or shows less.

    `python` is the interpreter that has the other builder.
    Errors: ValueError for an unknown builder, or if MkDocs itself fails.
    """
    if name not in BUILDERS:
        raise ValueError(f"no builder {name!r}; there are: {', '.join(BUILDERS)}")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        copy_sources(copy)
        mkdocs = _build(copy, sys.executable, "mkdocs", "ours")
        if mkdocs.returncode:
            raise ValueError(f"MkDocs fails: {error_line(mkdocs.stdout)}")
        shutil.rmtree(copy / ".cache")
        result = _build(copy, python, name, "other")
        (copy / "other").mkdir(exist_ok=True)
        ours, theirs = totals(copy / "ours"), totals(copy / "other")
        lines = differences(copy / "ours", copy / "other")
    print(f"{'':12}{'MkDocs':>10}{name:>12}")
    for what in ours:
        print(f"{what:12}{ours[what]:10}{theirs[what]:12}")
    print(*lines[:LISTED], sep="\n", end="\n" if lines else "")
    if len(lines) > LISTED:
        print(f"and {len(lines) - LISTED} more differences")
    if result.returncode:
        print(f"{name} fails: {error_line(result.stdout)}")
    return int(bool(result.returncode or lines))


def _build(
    copy: Path, python: str, module: str, target: str
) -> subprocess.CompletedProcess[str]:
    """Build the copy into its folder `target`, which is set in a file of its own.

    One of the builders takes the folder from the settings alone.
    """
    values = {"INHERIT": "mkdocs.yml", "site_dir": target}
    if module in WITHOUT_HOOKS:
        write(copy / "prepared")
        values["docs_dir"] = "prepared"
    settings = copy / f"{target}.yml"
    settings.write_text(json.dumps(values), "utf8")
    return subprocess.run(
        [python, "-m", module, "build", "-f", settings.name],
        cwd=copy,
        env=environment(copy),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
