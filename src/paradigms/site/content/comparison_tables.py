"""Comparison tables: each cell is computed, recorded, or a sentence with evidence."""

from pydantic import Field, model_validator

from paradigms._files import ROOT
from paradigms._schema import Entry, raise_findings
from paradigms.experiments.records import quote
from paradigms.masks import grid, parse
from paradigms.site.content.claims import claims
from paradigms.site.content.evidence import Evidence, unknown_names
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
    """A comparison table of `snippets/tables/`."""

    title: str = Field(min_length=5)
    columns: list[str]
    rows: list[Row]

    @model_validator(mode="after")
    def _every_row_is_full(self) -> "Comparison":
        for row in self.rows:
            if len(row.cells) != len(self.columns) - 1:
                raise ValueError(
                    f"row {row.aspect!r} has {len(row.cells)} cells, "
                    f"the header asks for {len(self.columns) - 1}"
                )
        return self


@cache
def comparison(name: str) -> Comparison:
    """One comparison table, checked. Errors: ContentError with all findings."""
    file = f"snippets/tables/{name}.toml"
    table = entry(Comparison, ROOT / file)
    problems = [
        f"{file}: {row.aspect}, {column}: {finding}"
        for row in table.rows
        for column, cell in zip(table.columns[1:], row.cells, strict=True)
        for finding in cell.findings()
    ]
    raise_findings(problems)
    return table


def names() -> list[str]:
    """The names of the comparison tables."""
    return sorted(path.stem for path in (FOLDER / "tables").glob("*.toml"))
