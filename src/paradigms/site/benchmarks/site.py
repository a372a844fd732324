"""Writing and opening the site, beside stock Material with the same text.

Ours and stock take turns: the ratio of two neighbours depends least on other load.
"""

import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from html import unescape
from pathlib import Path
from typing import Any, Protocol

from paradigms._files import ROOT
from paradigms.experiments.records import digest
from paradigms.site.benchmarks import stock as stock_sources
from paradigms.site.benchmarks.growth import add_chapters, add_questions
from paradigms.site.benchmarks.page_weight import weight
from paradigms.site.benchmarks.processes import Cost, Server, build
from paradigms.site.content.site_speed import ROWS
from paradigms.site.fences.record import record_pages
from paradigms.site.working_copy import copy_sources, environment

# Beside those that the code imports; the record names their versions.
LIBRARIES = ("mkdocs", "mkdocs-jupyter", "mkdocs-material")
RECORD = "src/paradigms/site/benchmarks/site.json"

_PLAIN = r"[^\n\"|`$<>\[\]*_{}\\]"
_PAGE_SENTENCE = re.compile(rf"^([A-Z][a-z]+ [a-z]+ {_PLAIN}{{30,}})\.$", re.M)
_SNIPPET_SENTENCE = re.compile(rf'^right = "({_PLAIN}{{30,}})\."$', re.M)

Row = dict[str, Any]
Pair = tuple[float, float]  # ours, stock
Costs = list[tuple[Cost, Cost]]


class Add(Protocol):
    """Adds chapters or questions to the sources in a folder."""

    def __call__(self, folder: Path, number: int) -> None: ...


@dataclass(frozen=True)
class Sizes:
    """How many pairs of each are measured, and by how much the site grows."""

    builds: int = 3
    starts: int = 2
    edits: int = 4
    growth: int = 2
    chapters: tuple[int, ...] = (100,)
    questions: tuple[int, ...] = (3000,)


@dataclass(frozen=True)
class Project:
    """The sources that are copied and measured.

    `generated` is the Markdown of pages that a build adds.  `chapter`, a page below
    docs, shows a claim of the file `snippet`, and `label`, which the code `drawing`
    writes.  `copied` is a chapter without claims, since a claim is on one page;
    `practice` is a page of questions.
    """

    folder: Path = ROOT
    generated: Mapping[str, str] = field(default_factory=record_pages)
    chapter: str = "q39/index.md"
    snippet: str = "snippets/claims/q39.toml"
    drawing: str = "src/paradigms/site/drawing/svg.py"
    label: str = " see →"
    copied: str = "q19/unlabelled-data.md"
    practice: str = "practice/decoding.md"

    def copy_to(self, folder: Path) -> None:
        """Copy the sources, without the cache of earlier builds."""
        copy_sources(folder, root=self.folder)
        write_stand_in(folder / RECORD)


def write_stand_in(path: Path) -> None:
    """Write a record that shows nothing, so that a page which reads it is built.

    The record of the sources is to be replaced: it may be missing or not be whole.
    """
    nothing: Row = {"unit": "", "ours": 1.0, "stock": 1.0, "ratio": 1.0, "pairs": 1}
    nothing["lowest and highest"] = [1.0, 1.0]
    record: dict[str, Any] = {
        "versions": {},
        "processor": "",
        "instruction_set": "",
        "threads": 1,
        "settings": {},
        "load": [0.0, 0.0],
        "date": "2026-01-01",
        "seconds": 0.0,
        "rows": [{"name": name, **nothing} for name in ROWS],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(record | {"digest": digest(record)})
    path.write_text(text, "utf8")


def run(project: Project | None = None, sizes: Sizes = Sizes()) -> list[Row]:
    """One row for each thing that is measured: see `row` for its columns.

    Errors: ValueError for sources that are not built, CalledProcessError for a fence
    that no page can show, TimeoutError for a page that a server does not show.
    """
    project = project or Project()
    with tempfile.TemporaryDirectory() as name:
        sites = Sites.of(project, Path(name, "base"))
        pairs = max(sizes.builds, sizes.growth)
        cold = sites.costs(pairs, sites.empty_cache)
        rows = [
            row("cold build", "processor seconds", _seconds(cold)),
            row("warm build", "processor seconds", _seconds(sites.costs(sizes.builds))),
            row("first page", "seconds", first_pages(project, sites, sizes.starts)),
            *edit_rows(project, sites, sizes.edits),
            *weight_rows(project, sites),
            row("memory of a cold build", "MB", _megabytes(cold)),
        ]
        base = cold[: sizes.growth]
        growing: tuple[tuple[str, Add, tuple[int, ...]], ...] = (
            ("chapter", partial(add_chapters, project.copied), sizes.chapters),
            ("question", partial(add_questions, project.practice), sizes.questions),
        )
        for kind, add, numbers in growing:
            costs = {0: base}
            for number in numbers:
                with sites.grown(project, partial(add, number=number)) as grown:
                    costs[number] = grown.costs(sizes.growth, grown.empty_cache)
            rows += growth_rows(kind, costs)
    return rows


@dataclass(frozen=True)
class Sites:
    """A copy of our sources and the stock site made from it, a folder each."""

    ours: Path
    stock: Path

    @classmethod
    def of(cls, project: Project, folder: Path) -> "Sites":
        """Copy the sources, make the stock site of them, and build both.

        Errors: as `write_stock` and `build`.
        """
        sites = cls(folder / "ours", folder / "stock")
        project.copy_to(sites.ours)
        sites.write_stock(project)
        build(sites.ours)  # leaves the bytecode of all code
        build(sites.stock)
        return sites

    def write_stock(self, project: Project) -> None:
        """Make the stock site in a process with the package of our sources.

        It reads the questions of those sources, not the ones of this package.

        Errors: CalledProcessError for a fence that no page can show.
        """
        arguments = str(self.ours / "docs"), str(self.stock)
        subprocess.run(
            [sys.executable, "-m", stock_sources.__name__, *arguments],
            env=environment(self.ours),
            input=json.dumps(dict(project.generated)),
            text=True,
            check=True,
        )

    @contextmanager
    def grown(
        self, project: Project, grow: Callable[[Path], None]
    ) -> Iterator["Sites"]:
        """Larger sites, until the end of the block; `grow` adds to our sources.

        Errors: as `write_stock`.
        """
        with tempfile.TemporaryDirectory() as name:
            sites = Sites(Path(name, "ours"), Path(name, "stock"))
            shutil.copytree(self.ours, sites.ours)  # with the bytecode of the package
            grow(sites.ours)
            sites.write_stock(project)
            yield sites

    def costs(self, pairs: int, prepare: Callable[[], None] = lambda: None) -> Costs:
        """What builds of both cost; each is first in every other pair.

        `prepare` is called before each pair.
        """
        costs = []
        for turn in range(pairs):
            prepare()
            if turn % 2:
                stock = build(self.stock)
                costs.append((build(self.ours), stock))
            else:
                costs.append((build(self.ours), build(self.stock)))
        return costs

    def empty_cache(self) -> None:
        """Delete what earlier builds made."""
        shutil.rmtree(self.ours / ".cache/build", ignore_errors=True)


def row(name: str, unit: str, pairs: list[Pair], **more: Any) -> Row:
    """The medians of ours and stock; the median, lowest and highest of their ratios.

    Each pair is ours and stock.  A run takes minutes, so each row is reported.
    """
    print(f"measured {name}", file=sys.stderr)
    ratios = [ours / stock for ours, stock in pairs]
    return {
        "name": name,
        "unit": unit,
        "ours": _rounded(statistics.median(ours for ours, _ in pairs)),
        "stock": _rounded(statistics.median(stock for _, stock in pairs)),
        "ratio": _rounded(statistics.median(ratios)),
        "lowest and highest": [_rounded(min(ratios)), _rounded(max(ratios))],
        "pairs": len(pairs),
        **more,
    }


def _rounded(value: float) -> float:
    """Four significant digits."""
    return float(f"{value:.4g}")


def _seconds(costs: Costs) -> list[Pair]:
    return [(ours.seconds, stock.seconds) for ours, stock in costs]


def _megabytes(costs: Costs) -> list[Pair]:
    return [(ours.memory / 1e6, stock.memory / 1e6) for ours, stock in costs]


def first_pages(project: Project, sites: Sites, pairs: int) -> list[Pair]:
    """Seconds from the start of a server, with a warm cache, to its first page."""
    times = []
    for turn in range(pairs):
        order = (sites.stock, sites.ours) if turn % 2 else (sites.ours, sites.stock)
        seconds = {
            folder: _first_page(folder, _url(project.chapter)) for folder in order
        }
        times.append((seconds[sites.ours], seconds[sites.stock]))
    return times


def _first_page(folder: Path, url: str) -> float:
    start = time.perf_counter()
    server = Server(folder)
    try:
        server.wait(url, bool)
        return time.perf_counter() - start
    finally:
        server.stop()


def _url(page: str) -> str:
    return page.removesuffix("index.md").removesuffix(".md").rstrip("/") + "/"


def weight_rows(project: Project, sites: Sites) -> list[Row]:
    """Bytes that a browser loads for three pages, without the search index."""
    rows = []
    for name, page in (
        ("start page", "index.md"),
        ("chapter", project.chapter),
        ("page of questions", project.practice),
    ):
        url = _url(page).removeprefix("/")
        pair = [
            float(weight(site / "built", url)) for site in (sites.ours, sites.stock)
        ]
        rows.append(row(name, "gzipped bytes", [(pair[0], pair[1])]))
    return rows


def edit_rows(project: Project, sites: Sites, rounds: int) -> list[Row]:
    """Seconds from an edit to the page that shows it, the chapter.

    For stock it is an edit of a sentence of the page; it has neither snippets nor code.
    """
    html = (sites.ours / "built" / _url(project.chapter) / "index.html").read_text(
        "utf8"
    )
    text = unescape(re.sub(r"<[^>]+>", "", html))
    page = f"docs/{project.chapter}"
    edits = {
        "edit of a page": (page, _sentence(sites.ours / page, _PAGE_SENTENCE, text)),
        "edit of a snippet": (
            project.snippet,
            _sentence(sites.ours / project.snippet, _SNIPPET_SENTENCE, text),
        ),
        "edit of drawing code": (project.drawing, project.label),
    }
    times: dict[str, list[Pair]] = {name: [] for name in edits}
    ours, stock = Server(sites.ours), Server(sites.stock)
    url = _url(project.chapter)
    try:
        for server in (ours, stock):
            server.wait(url, bool)
        for number in range(rounds):
            mark = f"mark{number}"
            edit_stock = partial(_edit, stock, url, *edits["edit of a page"], mark)
            first = edit_stock() if number % 2 else None
            own = {name: _edit(ours, url, *edit, mark) for name, edit in edits.items()}
            _take_back(ours, url, project, mark)
            reference = edit_stock() if first is None else first
            for name, seconds in own.items():
                times[name].append((seconds, reference))
    finally:
        ours.stop()
        stock.stop()
    return [row(name, "seconds", pairs) for name, pairs in times.items()]


def _sentence(file: Path, pattern: re.Pattern[str], shown: str) -> str:
    """The first plain sentence of a file that a page shows, without its full stop.

    Errors: ValueError if there is none.
    """
    for match in pattern.finditer(file.read_text("utf8")):
        if match[1] in shown:
            return match[1]
    raise ValueError(f"{file} has no plain sentence that the page shows")


def _edit(server: Server, url: str, file: str, place: str, mark: str) -> float:
    """Insert a mark behind a text of a file; seconds until a page shows it.

    Errors: ValueError if the file lacks the text.
    """
    path = server.folder / file
    text = path.read_text("utf8")
    if place not in text:
        raise ValueError(f"{file} has no {place!r}: name another text to edit")
    shown = server.get(url).decode().count(mark)
    start = time.perf_counter()
    path.write_text(text.replace(place, f"{place} {mark}", 1), "utf8")
    server.wait(url, lambda html: html.count(mark) > shown)
    return time.perf_counter() - start


def _take_back(server: Server, url: str, project: Project, mark: str) -> None:
    """Undo the edit of the code, and wait until everything is built.

    The next build finds in the cache what the code before the edit made.
    """
    path = server.folder / project.drawing
    edited = f"{project.label} {mark}"
    shown = server.get(url).decode().count(mark)
    path.write_text(path.read_text("utf8").replace(edited, project.label), "utf8")
    server.wait(url, lambda html: html.count(mark) < shown)
    server.get("sitemap.xml")  # waits for a whole build


def growth_rows(name: str, costs: Mapping[int, Costs]) -> list[Row]:
    """Cost of one more chapter or question: the slope over the numbers added."""
    numbers = list(costs)

    def slopes(values: Callable[[Costs], list[Pair]]) -> list[Pair]:
        by_number = [values(pairs) for pairs in costs.values()]
        return [
            (_slope(numbers, [ours for ours, _ in pairs]),
             _slope(numbers, [stock for _, stock in pairs]))
            for pairs in zip(*by_number, strict=True)
        ]  # fmt: skip

    added = {"added": numbers[-1]}
    return [
        row(f"further {name}", "processor seconds", slopes(_seconds), **added),
        row(f"memory of a further {name}", "MB", slopes(_megabytes), **added),
    ]


def _slope(numbers: list[int], values: list[float]) -> float:
    """By least squares."""
    return statistics.linear_regression(numbers, values).slope
