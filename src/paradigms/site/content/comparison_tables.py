"""Comparison tables: each cell is computed, recorded, or a sentence with evidence."""

import re
from collections.abc import Iterable

from pydantic import Field, model_validator

from paradigms._files import ROOT
from paradigms._schema import Entry, raise_findings
from paradigms.experiments.records import quote
from paradigms.masks import grid, parse
from paradigms.site.content.claims import claims
from paradigms.site.content.evidence import Evidence, unknown_names
from paradigms.site.content.files import source_files
from paradigms.site.content.toml import FOLDER, entry
from paradigms.site.file_cache import cache

SIZE = 6  # tokens in the small masks of a table


class Cell(Evidence):
    """A sentence; its `{value}` is a recorded number, `{pairs}` counts a mask's pairs.

    `claims` are ids of the claims that support it.
    """

    say: str
    value: str = ""
    mask: str = ""
    claims: list[str] = []

    def text(self, interval: bool = True) -> str:
        """The sentence with its numbers filled in, with or without intervals."""
        text = self.say
        if self.value:
            text = text.replace("{value}", quote(self.value, interval))
        if self.mask:
            pairs = sum(map(sum, grid(parse(self.mask), SIZE)))
            text = text.replace("{pairs}", f"{pairs} of {SIZE**2}")
        return text

    def findings(self) -> list[str]:
        """Every broken reference, and missing evidence."""
        problems = super().findings()
        problems += unknown_names("claim", self.claims, claims())
        if bool(self.value) != ("{value}" in self.say):
            problems.append("value and {value} need each other")
        if "{pairs}" in self.say and not self.mask:
            problems.append("{pairs} needs a mask to count")
        if not (self.claims or self.value or self.status != "none"):
            problems.append(
                "has no evidence; name a claim, a test, a result or a source"
            )
        try:
            self.text()
        except ValueError as error:
            problems.append(str(error))
        return problems


class Row(Entry):
    """One aspect, with a cell for each of the other columns."""

    aspect: str
    cells: list[Cell]


class Comparison(Entry):
    """A comparison table of `snippets/tables/`.

    `means`: what a column, or else a row, is about, in the words of recorded rows,
    masks and tests. What a cell reads must contain one of them, and else nothing but
    `settings` and the numbers of its sentence. Masks are in one row or in one column.
    """

    title: str = Field(min_length=5)
    columns: list[str]
    means: dict[str, list[str]]
    settings: list[str] = []
    rows: list[Row]

    @model_validator(mode="after")
    def _each_subject_is_in_the_table(self) -> "Comparison":
        subjects = {*self.columns[1:], *(row.aspect for row in self.rows)}
        if unknown := self.means.keys() - subjects:
            raise ValueError(
                f"means: no column or row is called {sorted(unknown)[0]!r}"
            )
        return self

    @model_validator(mode="after")
    def _every_row_is_full(self) -> "Comparison":
        for row in self.rows:
            if len(row.cells) != len(self.columns) - 1:
                raise ValueError(
                    f"row {row.aspect!r} has {len(row.cells)} cells, "
                    f"the header asks for {len(self.columns) - 1}"
                )
        return self


def subject_problems(table: Comparison, row: Row, column: str, cell: Cell) -> list[str]:
    """What a cell reads or names although it is about something else."""
    own = table.means.get(column) or table.means.get(row.aspect) or []
    others = {word for words in table.means.values() for word in words} - set(own)
    problems = []
    if cell.mask and not _words(cell.mask, own):
        problems.append(f"mask {cell.mask!r} is about none of: {', '.join(own)}")
    problems += [
        f"test {name!r} is about another column or row; see means"
        for name in cell.tests
        if _words(name, others) and not _words(name, own)
    ]
    addresses = [cell.value] if cell.value else []
    for address in addresses + re.findall(r"\[=([^\]]+)\]", cell.say):
        name = address.partition("/")[2].rpartition("/")[0]
        if not _words(name, own):
            problems.append(f"{address!r} is about none of: {', '.join(own)}")
        words = [*own, *table.settings, *_numbers(cell.say)]
        if rest := _without(name, words):
            problems.append(
                f"{address!r}: {rest!r} is neither in settings nor in means"
            )
    return problems


def mask_problems(table: Comparison) -> list[str]:
    """The masks of a table are one row or one column of it."""
    places = [
        (row.aspect, column)
        for row in table.rows
        for column, cell in zip(table.columns[1:], row.cells, strict=True)
        if cell.mask
    ]
    aspects = len({aspect for aspect, _ in places})
    columns = len({column for _, column in places})
    if min(aspects, columns) <= 1:
        return []
    return [f"masks stand in {aspects} rows and {columns} columns; one of both is 1"]


def _words(name: str, words: Iterable[str]) -> list[str]:
    """Those words that stand in a name."""
    return [word for word in words if _without(name, [word]) != _spaced(name)]


def _without(name: str, words: Iterable[str]) -> str:
    text = _spaced(name)
    for word in words:
        text = " ".join(re.sub(rf"\b{re.escape(_spaced(word))}\b", " ", text).split())
    return text


def _spaced(name: str) -> str:
    return " ".join(re.sub(r"\W|_", " ", name).lower().split())


def _numbers(sentence: str) -> list[str]:
    """The numbers that stand in a sentence: 10,000 is 10000."""
    text = re.sub(r"\[=[^\]]+\]", " ", sentence)
    return [number.replace(",", "") for number in re.findall(r"\d[\d,]*\d|\d", text)]


@cache
def comparison(name: str) -> Comparison:
    """One comparison table, checked. Errors: ContentError with all findings."""
    file = f"snippets/tables/{name}.toml"
    table = entry(Comparison, ROOT / file)
    problems = [
        f"{file}: {row.aspect}, {column}: {finding}"
        for row in table.rows
        for column, cell in zip(table.columns[1:], row.cells, strict=True)
        for finding in [
            *cell.findings(),
            *subject_problems(table, row, column, cell),
        ]
    ]
    problems += [f"{file}: {finding}" for finding in mask_problems(table)]
    raise_findings(problems)
    return table


def names() -> list[str]:
    """The names of the comparison tables."""
    return [path.stem for path in source_files(FOLDER / "tables", "*.toml")]
