"""The tables of the reference pages: what each needs from content and records."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args

from paradigms.experiments.records import (
    Benchmark,
    load,
    quote,
    speeds,
)
from paradigms.site.content.bibliography import full_name, label, sources
from paradigms.site.content.changes import changes
from paradigms.site.content.claims import claims, places
from paradigms.site.content.comparison_tables import comparison, names
from paradigms.site.content.evidence import proofs
from paradigms.site.content.glossary import answers, letters, term_place
from paradigms.site.content.house_style import rules
from paradigms.site.content.navigation import page_titles
from paradigms.site.content.packages import PARTS as PARTS_OF_PACKAGES
from paradigms.site.content.packages import packages
from paradigms.site.content.questions import Level, questions, topic_places
from paradigms.site.content.site_speed import PARTS, site_speed
from paradigms.site.content.systems import measured_rows, systems
from paradigms.site.fences.record import (
    experiment_questions,
    in_words,
    provenance,
    threads_in_words,
)
from paradigms.site.file_cache import cache

SIZES = ("all", "embeddings", "attention", "feed-forward", "norms and heads")


@dataclass(frozen=True)
class Table:
    """A table whose rows are made by the template `tables/NAME.html` from `values`.

    On a phone the cells of a `stacked` table stand below each other; a `narrow` one has
    short cells in narrow columns; in one of `counts` all columns but the first hold
    short numbers.
    """

    title: str
    columns: tuple[str, ...]
    values: Callable[[], dict[str, Any]]
    layout: str = ""


def _claims() -> dict[str, Any]:
    """Every claim; the template loads the script that filters its rows."""
    return {"claims": claims(), "places": places()}


def _bibliography() -> dict[str, Any]:
    """Every source and what it is cited for."""
    return {"sources": sources(), "label": label, "authors": _authors}


def _authors(authors: list[str]) -> str:
    names = ", ".join(full_name(author) for author in authors if author != "others")
    return f"{names} and others" if authors[-1] == "others" else names


def _evidence() -> dict[str, Any]:
    """The tests that pages point to, each with its claim, command and source."""
    tests = [(name, test) for name, test in proofs().items() if name in cited_tests()]
    return {"tests": tests}


def _measured() -> dict[str, Any]:
    """Every experiment: its page, its question, and the claims that depend on it."""
    return {
        "experiments": [
            (
                stem,
                text,
                [key for key, claim in claims().items() if stem in claim.measured],
            )
            for stem, text in experiment_questions().items()
        ],
        "places": places(),
        "in_words": in_words,
    }


def _systems() -> dict[str, Any]:
    """Every system: objective, measured abilities, distance from its reference."""
    return {"systems": systems(), "measured": measured_rows(), "quote": quote}


def _sizes() -> dict[str, Any]:
    """The parameters of the published networks by part."""
    return {"rows": load("published_sizes").rows}


def _speed() -> dict[str, Any]:
    """Every benchmark: how many times as fast as the reference, and both times."""
    days: dict[str, list[str]] = {}  # benchmarks by day and machine, a line each
    for name, benchmark in speeds().items():
        days.setdefault(_day_and_machine(benchmark), []).append(name)
    rows = [row for benchmark in speeds().values() for row in benchmark.rows]
    return {"rows": rows, "days": days}


def _site_speed() -> dict[str, Any]:
    """The speed of the site beside stock Material, and which limits it meets."""
    record = site_speed()
    rows = {row["name"]: row for row in record.rows}
    met = [
        limit.met(rows[name])
        for part in PARTS.values()
        for name, limit in part.items()
        if limit
    ]
    return {
        "parts": PARTS,
        "rows": rows,
        "met": sum(met),
        "limits": len(met),
        "day": _day_and_machine(record),
        "load": record.load,
    }


def _day_and_machine(benchmark: Benchmark) -> str:
    """The day, the machine and the versions, which the times depend on.

    A row that has a number of threads of its own was measured with that one.
    """
    numbers = {row.get("threads", benchmark.threads) for row in benchmark.rows}
    threads = " or ".join(map(threads_in_words, sorted(numbers)))
    conditions = provenance(benchmark) | {"threads": threads}
    versions = ", ".join(f"{name} {v}" for name, v in benchmark.versions.items())
    day = f"{benchmark.date.day} {benchmark.date:%B %Y}"
    return f"{day}: {', '.join(conditions.values())}; {versions}"


def _glossary() -> dict[str, Any]:
    """Every term with its sentence, by letter, and where it is answered in full."""
    titles = page_titles()
    links = {
        term: (
            term_place(term),
            titles.get(answer) or questions()[answer].question,
        )
        for term, answer in answers().items()
    }
    return {"letters": letters(), "links": links}


def _style() -> dict[str, Any]:
    """The house style: what is written, an example of what is not, and why."""
    return {"rules": rules()}


def _packages() -> dict[str, Any]:
    """Every package with its version and licence, by who needs it and where from."""
    parts = {
        title: sorted(
            (row for row in packages() if (row.source, row.for_readers) == key),
            key=lambda row: row.name.lower(),
        )
        for key, title in PARTS_OF_PACKAGES.items()
    }
    return {"parts": parts}


def _bank() -> dict[str, Any]:
    """How many questions each topic has, by level, and how many of them are traps."""
    levels = get_args(Level)
    topics = []
    for topic in topic_places():
        entries = [entry for entry in questions().values() if entry.topic == topic]
        counts = [sum(entry.level == level for entry in entries) for level in levels]
        traps = sum(entry.kind == "trap" for entry in entries)
        topics.append((topic, (*counts, traps, len(entries))))
    return {"topics": topics, "places": topic_places()}


GENERATED = {
    "claims": Table(
        "Claims ledger",
        (
            "Id",
            "What is often said, and the reason for the verdict",
            "Verdict",
            "Evidence",
        ),
        _claims,
        "narrow",
    ),
    "bank": Table(
        "The question bank by topic",
        ("Topic", *get_args(Level), "of these traps", "all"),
        _bank,
        "counts",
    ),
    "bibliography": Table(
        "Bibliography",
        ("Cited as", "Work", "What it is cited for"),
        _bibliography,
        "stacked",
    ),
    "evidence": Table(
        "Tests that pages point to",
        ("What the test proves, and how to run it", "How"),
        _evidence,
        "stacked",
    ),
    "systems": Table("Systems", ("System", "Objective", "Can", "Equal to"), _systems),
    "sizes": Table(
        "Parameters of the published networks, in millions",
        ("Network", *SIZES),
        _sizes,
        "narrow",
    ),
    "speed": Table(
        "Speed beside the references",
        (
            "Task",
            "Times as fast",
            "with AVX2",
            "Ours, ms",
            "Reference, ms",
            "Share of the memory's rate",
        ),
        _speed,
        "narrow",
    ),
    "site-speed": Table(
        "Speed of the site beside stock Material",
        ("What", "Times stock", "Limit", "Ours", "Stock"),
        _site_speed,
        "narrow",
    ),
    "measured": Table(
        "Experiments", ("Experiment", "Question", "Claims"), _measured, "stacked"
    ),
    "glossary": Table("Glossary", ("Term", "What it means"), _glossary, "stacked"),
    "packages": Table(
        "Packages", ("Package", "Version", "Licence"), _packages, "stacked"
    ),
    "style": Table("House style", ("Write", "Not", "Why"), _style, "stacked"),
}


@cache
def cited_tests() -> set[str]:
    """Every test that claims, table cells, questions and changes name as evidence."""
    cells = [
        cell for name in names() for row in comparison(name).rows for cell in row.cells
    ]
    statements = [*claims().values(), *questions().values(), *changes().values()]
    return {test for statement in [*statements, *cells] for test in statement.tests}
