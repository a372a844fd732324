"""The fence `record`: one stored result, on a page that the build makes for it."""

import re
from ast import literal_eval
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from paradigms._schema import ContentError
from paradigms.experiments.records import (
    FOLDER,
    Record,
    Result,
    format_value,
    load,
    question,
    stems,
)
from paradigms.site.content.claims import claims, places
from paradigms.site.content.conditions import experiments, with_values
from paradigms.site.content.files import read_text
from paradigms.site.fences.claim import figures
from paradigms.site.fences.page import Fence, Page, record_page
from paradigms.site.file_cache import cache
from paradigms.site.templates.environment import render

FEW_ROWS = 2  # a table with so few rows is turned: a line for each measure

_QUESTION = re.compile(r'^QUESTION = (\(\n.*?\n\)|"[^"\n]*")$', re.M | re.S)

PAGE = """\
---
title: "Measured: {title}"
hide: [toc]
search:
  boost: 0.1
---
# Measured: {title}

{question}

```record
name = "{stem}"
```
"""


class RecordFence(Fence):
    """The body of a `record` fence: the name of an experiment."""

    name: str

    def render(self, page: Page) -> str:
        """The rows of the record, what depends on them, and how they were measured."""
        if self.name not in experiment_questions():
            raise ContentError(f"name: no stored result {self.name!r}")
        record = load(self.name)
        conditions = [
            (key, claim, [(line, with_values(line)) for line in lines])
            for key, claim in claims().items()
            if (lines := [c for c in claim.holds if self.name in experiments(c)])
        ]
        html = render(
            "record.html",
            page=page,
            stem=self.name,
            tables=tables(record.rows),
            conditions=conditions,
            places=places(),
            figures=_figures(self.name),
            config=_settings(record),
            provenance=provenance(record),
            versions=record.versions,
            minutes=record.seconds / 60,
        )
        return page.anchored(html)


def record_pages() -> dict[str, str]:
    """The Markdown of a page for each stored result, by its path below `docs/`."""
    return {
        record_page(stem): PAGE.format(title=in_words(stem), question=text, stem=stem)
        for stem, text in experiment_questions().items()
    }


@cache
def experiment_questions() -> dict[str, str]:
    """The question of each experiment, in alphabetical order; read once a build.

    By regular expression: parsing 34 files would slow down a build.
    Errors: ContentError, as of `question`, for an experiment without one.
    """
    questions = {}
    for stem in sorted(stems()):
        text = read_text(FOLDER.parent / f"{stem}.py")
        match = _QUESTION.search(text)
        questions[stem] = str(literal_eval(match[1])) if match else question(stem)
    return questions


def in_words(stem: str) -> str:
    """The name of an experiment or a setting, without underscores."""
    return stem.replace("_", " ")


class Value(NamedTuple):
    """A recorded value as printed, and its 95% interval if it has one."""

    text: str
    interval: str = ""


@dataclass
class RecordTable:
    """Rows of a record that share columns; a value may be missing from a row."""

    title: str
    columns: list[str] = field(default_factory=list)
    rows: dict[str, dict[str, Value]] = field(default_factory=dict)

    @property
    def turned(self) -> bool:
        """Whether measures are lines: few rows would make a wide, flat table."""
        return len(self.rows) <= FEW_ROWS < len(self.columns)

    def add(self, name: str, values: dict[str, Value]) -> None:
        """One more row, with columns that are new put last."""
        self.columns += [column for column in values if column not in self.columns]
        self.rows[name] = values


def tables(rows: Sequence[dict[str, Any]]) -> list[RecordTable]:
    """The rows of a record in tables: means apart from differences.

    A row stands in the first table that has one of its columns.
    """
    result: list[RecordTable] = []
    for row in rows:
        values = {column: _value(row[column]) for column in row if column != "name"}
        title = "Differences" if " - " in row["name"] else "Measurements"
        same = [
            t for t in result if t.title == title and values.keys() & set(t.columns)
        ]
        if not same:
            same = [RecordTable(title)]
            result += same
        same[0].add(row["name"], values)
    return sorted(result, key=lambda table: table.title == "Differences")


def _value(value: Any) -> Value:
    if not isinstance(value, list):
        return Value(format_value(value))
    mean, low, high = map(format_value, map(float, value))
    return Value(mean, f"{low} to {high}")


def _figures(stem: str) -> dict[str, str]:
    """The figures on pages that draw this record, by the name of the picture."""
    return {
        address.partition("/")[2]: place
        for address, place in figures()
        if address.partition("/")[0] == stem
    }


def _settings(record: Result) -> dict[str, str]:
    """The settings of an experiment in words."""
    return {in_words(name): _plain(value) for name, value in record.config.items()}


def _plain(value: Any) -> str:
    """A list without its brackets, anything else as it is."""
    return ", ".join(map(_plain, value)) if isinstance(value, list) else str(value)


def threads_in_words(number: int) -> str:
    """`1 thread`, `2 threads`."""
    return f"{number} thread{'s' * (number > 1)}"


def provenance(record: Record) -> dict[str, str]:
    """Processor, instruction set, threads, and the variables that restricted them."""
    machine = {
        "processor": record.processor,
        "instruction set": record.instruction_set,
        "threads": threads_in_words(record.threads),
    }
    return machine | {key: f"{key}={record.settings[key]}" for key in record.settings}
