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

from paradigms._files import ROOT
from paradigms.site.benchmarks.processes import environment
from paradigms.site.mutation import COPIED

LISTED = 10  # missing pages
BUILDERS = ("properdocs", "zensical")
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
        self.counts[_ELEMENTS.get(tag, "")] += 1
        classes = (attributes.get("class") or "").split()
        self.counts["questions"] += tag == "details" and "question" in classes
        if value := attributes.get("id"):
            self.ids.add(value)
        if value := attributes.get("href") if tag == "a" else None:
            self.links.append(value)


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
            address = urlparse(urljoin(path, unquote(link)))
            if address.scheme or address.netloc:
                continue
            target = address.path.removeprefix("/")
            if not target or target.endswith("/"):
                target += "index.html"
            ids = pages[target].ids if target in pages else {address.fragment}
            if not (site / target).is_file() or {address.fragment} - ids - {""}:
                yield f"{path}: {link}"


def comparison(ours: Path, other: Path, name: str) -> str:
    """Lines that compare two built sites, with the pages that the other one lacks."""
    sites = {"MkDocs": ours, name: other}
    pages = {label: contents(site) for label, site in sites.items()}
    totals = {
        label: sum((page.counts for page in by_path.values()), Counter())
        for label, by_path in pages.items()
    }
    rows = [(what, *(totals[label][what] for label in sites)) for what in COUNTED]
    dead = [len(list(dead_links(site, pages[label]))) for label, site in sites.items()]
    rows.append(("dead links", *dead))
    lines = [f"{'':12}{'MkDocs':>10}{name:>12}"]
    lines += [f"{what:12}{ours:10}{theirs:12}" for what, ours, theirs in rows]
    missing = sorted(pages["MkDocs"].keys() - pages[name].keys())
    lines += [f"missing in {name}: {path}" for path in missing[:LISTED]]
    if len(missing) > LISTED:
        lines.append(f"and {len(missing) - LISTED} more pages")
    return "\n".join(lines)


def main(name: str, python: str) -> int:
    """Build with both, print the comparison; 1 if the other builder fails.

    `python` is the interpreter that has the other builder.
    Errors: ValueError for an unknown builder, or if MkDocs itself fails.
    """
    if name not in BUILDERS:
        raise ValueError(f"no builder {name!r}; there are: {', '.join(BUILDERS)}")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for source in COPIED:
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, copy / source)
            else:
                shutil.copy(ROOT / source, copy / source)
        mkdocs = _build(copy, sys.executable, "mkdocs", "ours")
        if mkdocs.returncode:
            raise ValueError(f"MkDocs fails: {mkdocs.stdout[-2000:]}")
        result = _build(copy, python, name, "other")
        (copy / "other").mkdir(exist_ok=True)
        print(comparison(copy / "ours", copy / "other", name))
        if result.returncode:
            print(f"{name} fails:", *result.stdout.splitlines()[-12:], sep="\n  ")
        return result.returncode != 0


def _build(
    copy: Path, python: str, module: str, target: str
) -> subprocess.CompletedProcess[str]:
    """Build the copy into its folder `target`, which is set in a file of its own.

    One of the builders takes the folder from the settings alone.
    """
    settings = copy / f"{target}.yml"
    inherited = {"INHERIT": "mkdocs.yml", "site_dir": target, "docs_dir": "docs"}
    settings.write_text(json.dumps(inherited), "utf8")
    return subprocess.run(
        [python, "-m", module, "build", "-f", settings.name],
        cwd=copy,
        env=environment(copy),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
