"""Tables for the pages: each cell computed, loaded, or a sentence with its evidence."""

from collections.abc import Callable
from functools import cache
from html import escape

from pydantic import model_validator

from paradigms import svg
from paradigms.bibliography import label, sources
from paradigms.cards import verdict
from paradigms.claims import claims, places
from paradigms.evidence import Evidence, planned, proofs
from paradigms.masks import grid, parse
from paradigms.page import Page, slug
from paradigms.results import load, quote, stems
from paradigms.snippets import FOLDER, ContentError, Entry, read, validate

THUMBNAIL = 6  # tokens in the small masks of a table


class Cell(Evidence):
    """A sentence; its `{value}` is a recorded number, `{pairs}` counts a mask's pairs.

    `claims` are ids of the ledger on which the cell rests.
    """

    say: str
    value: str = ""
    mask: str = ""
    claims: list[str] = []

    def text(self) -> str:
        """The sentence with its numbers filled in."""
        text = self.say
        if self.value:
            text = text.replace("{value}", quote(self.value))
        if self.mask:
            seen = sum(map(sum, grid(parse(self.mask), THUMBNAIL)))
            text = text.replace("{pairs}", f"{seen} of {THUMBNAIL**2}")
        return text

    def findings(self) -> list[str]:
        """Every reference that leads nowhere, and the lack of any."""
        found = super().findings()
        found += [
            f"claim {key!r} does not exist"
            for key in self.claims
            if key not in claims()
        ]
        if not (self.claims or self.value or self.status != "none"):
            found.append("has no evidence; name a claim, a test, a result or a source")
        return found


class Row(Entry):
    """One aspect, with a cell for each of the other columns."""

    aspect: str
    cells: list[Cell]


class Comparison(Entry):
    """A comparison table as it stands in `snippets/tables/`."""

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
    path = FOLDER / "tables" / f"{name}.toml"
    if not path.is_file():
        known = ", ".join(sorted([*GENERATED, *comparisons()]))
        raise ContentError(f"name: no table {name!r}; known are {known}")
    where = f"snippets/tables/{name}.toml"
    table = validate(Comparison, read(path), where)
    problems = [
        f"{where}: {row.aspect}, {column}: {finding}"
        for row in table.rows
        for column, cell in zip(table.columns[1:], row.cells, strict=True)
        for finding in cell.findings()
    ]
    if problems:
        raise ContentError("\n".join(problems))
    return table


def comparisons() -> list[str]:
    """The names of the comparison tables."""
    return sorted(path.stem for path in (FOLDER / "tables").glob("*.toml"))


class Table(Entry):
    """The body of a `table` fence: the table's name, and what the reader should see."""

    name: str
    caption: str = ""

    def render(self, page: Page) -> str:
        """The table element inside a box that scrolls on narrow screens."""
        make = GENERATED.get(self.name) or (lambda p: _comparison(self.name, p))
        caption = (
            f"<caption>{page.inline(self.caption)}</caption>" if self.caption else ""
        )
        name = escape(self.name)
        return page.anchored(
            f'<div class="table-box" tabindex="0" role="region" '
            f'aria-label="Table: {name}">'
            f'<table class="generated">{caption}{make(page)}</table></div>'
        )


def _comparison(name: str, page: Page) -> str:
    table = comparison(name)
    body = "".join(
        f'<tr><th scope="row">{page.inline(row.aspect)}</th>'
        + "".join(_cell(cell, page) for cell in row.cells)
        + "</tr>"
        for row in table.rows
    )
    return _head(*table.columns) + f"<tbody>{body}</tbody>"


def _cell(cell: Cell, page: Page) -> str:
    drawing = svg.thumbnail(parse(cell.mask), THUMBNAIL) if cell.mask else ""
    links = [f'<a href="{page.link(places()[key])}">{key}</a>' for key in cell.claims]
    if cell.value:
        stem = cell.value.partition("/")[0]
        href = page.link(f"reference/evidence.md#{slug(stem)}")
        links.append(f'<a href="{href}">measured</a>')
    if cell.status != "none":
        links.append(page.evidence(cell))
    grounds = " · ".join(links)
    return f"<td>{drawing}{page.inline(cell.text())}<small>{grounds}</small></td>"


def _claims(page: Page) -> str:
    rows = "".join(
        f'<tr><th scope="row"><a href="{page.link(places()[key])}">{key}</a></th>'
        f"<td>{page.inline(claim.said)}</td><td>{verdict(claim.verdict)}</td>"
        f"<td>{claim.status}</td></tr>"
        for key, claim in claims().items()
    )
    return _head("Id", "What is often said", "Verdict", "Evidence") + rows


def _planned(page: Page) -> str:
    rows = "".join(
        f'<tr id="{slug(name)}"><th scope="row"><code>{escape(name)}</code></th>'
        f"<td>{page.inline(entry.asks)}</td></tr>"
        for name, entry in planned().items()
    )
    return _head("Experiment", "What it will measure") + rows


def _bibliography(page: Page) -> str:
    rows = "".join(
        f'<tr id="{key}"><th scope="row">{escape(label(key))}</th>'
        f'<td><a href="{escape(source.url)}">{escape(source.title)}</a>. '
        f"{escape(_names(source.authors))}. {escape(source.venue)}.</td>"
        f"<td>{page.inline(source.cited_for)}</td></tr>"
        for key, source in sources().items()
    )
    return _head("Cited as", "Work", "What it is cited for") + rows


def _evidence(page: Page) -> str:
    """The tests that pages point to, each with its claim, command and source."""
    rows = "".join(
        f'<tr id="{slug(name)}"><th scope="row">{page.inline(test.claim)}'
        f"<p><code>{escape(test.command)}</code></p></th>"
        f"<td><details><summary>source</summary><pre><code>{escape(test.code)}"
        f"</code></pre></details></td></tr>"
        for name, test in proofs().items()
        if name in cited_tests()
    )
    return _head("What the test proves, and how to run it", "How") + rows


def _measured(page: Page) -> str:
    rows = "".join(_result(stem) for stem in sorted(stems()))
    return _head("Experiment", "Settings", "What came out") + rows


def _result(stem: str) -> str:
    result = load(stem)
    settings = {**result.config, **result.versions, "processor": result.processor}
    about = "".join(f"<li>{escape(f'{k}: {v}')}</li>" for k, v in settings.items())
    rows = "".join(
        f"<li><strong>{escape(row['name'])}</strong>: "
        + escape(
            "; ".join(
                f"{column} {quote('/'.join([stem, row['name'], column]))}"
                for column in row
                if column != "name"
            )
        )
        + "</li>"
        for row in result.rows
    )
    return (
        f'<tr id="{slug(stem)}"><th scope="row">{escape(result.question)}'
        f"<p><code>make measure NAME={stem}</code></p></th>"
        f"<td><ul>{about}</ul></td><td><ul>{rows}</ul></td></tr>"
    )


@cache
def cited_tests() -> set[str]:
    """Every test that a claim, a table cell or a question names as its evidence."""
    from paradigms.questions import questions

    cited = {name for claim in claims().values() for name in claim.tests}
    cited |= {name for question in questions().values() for name in question.tests}
    for name in comparisons():
        cited |= {
            t for row in comparison(name).rows for cell in row.cells for t in cell.tests
        }
    return cited


def _names(authors: list[str]) -> str:
    if authors[-1] == "others":
        return ", ".join(authors[:-1]) + " and others"
    return ", ".join(authors)


def _head(*columns: str) -> str:
    cells = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    return f"<thead><tr>{cells}</tr></thead>"


GENERATED: dict[str, Callable[[Page], str]] = {
    "claims": _claims,
    "planned": _planned,
    "bibliography": _bibliography,
    "evidence": _evidence,
    "measured": _measured,
}
