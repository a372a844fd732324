"""The cheat sheet: two sheets of A4, put together from what is said elsewhere.

`snippets/cheat-sheet.toml` only chooses: a spoken answer, figures, formulas, rows of
tables and traps by their names, and lines of numbers.
"""

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from html import escape

from paradigms._schema import ContentError, Entry
from paradigms.masks import parse
from paradigms.site.content.comparison_tables import SIZE, Cell, Row, comparison, names
from paradigms.site.content.evidence import dead
from paradigms.site.content.questions import question_places, questions
from paradigms.site.content.toml import FOLDER, bodies, entries, pages
from paradigms.site.drawing import svg
from paradigms.site.fences.figure import MaskFigure, TwoViewsFigure
from paradigms.site.fences.page import Page
from paradigms.site.fences.reference_tables import filled

FILE = "snippets/cheat-sheet.toml"
HOME = "practice/cheat-sheet.md"


class Formula(Entry):
    """A formula as it stands on some page, under a title."""

    title: str
    tex: str


class Rows(Entry):
    """A comparison table, or those of its rows that are named."""

    name: str
    rows: list[str] = []


class Trap(Entry):
    """A question of the bank with the usual answer, and what is right.

    What is right: its key points, or those `sentences` of its answer, counted from one.
    """

    id: str
    sentences: list[int] = []

    def right(self) -> str:
        """The short form."""
        entry = questions()[self.id]
        if not self.sentences:
            return "; ".join(entry.key_points) + "."
        parts = re.split(r"(?<=[.?!]) (?=[A-Z$“])", entry.answer)
        if not set(self.sentences) <= set(range(1, len(parts) + 1)):
            raise ContentError(
                f"{self.id}: sentences {self.sentences}: the answer has {len(parts)}"
            )
        return " ".join(parts[number - 1] for number in self.sentences)


class Sheet(Entry):
    """One side of paper about the question that is answered on `page`."""

    page: str
    spoken: str
    figures: list[str]
    formulas: list[Formula]
    tables: list[Rows]
    traps: list[Trap]
    numbers: list[str]

    @property
    def title(self) -> str:
        """That of its page."""
        return re.findall(r"^# (.+)$", pages()[self.page], re.MULTILINE)[0]

    def findings(self) -> list[str]:
        """Every choice that leads nowhere, one line each."""
        if self.page not in pages():
            return [f"page {self.page!r} does not exist"]
        ids = [self.spoken, *(trap.id for trap in self.traps)]
        found = dead("question", ids, questions())
        found += [
            f"question {trap.id!r} quotes no wrong answer; choose a trap"
            for trap in self.traps
            if trap.id in questions() and not questions()[trap.id].wrong_answer
        ]
        found += dead(f"figure of {self.page}", self.figures, _figures(self.page))
        found += dead("table", [table.name for table in self.tables], names())
        for table in self.tables:
            if table.name in names():
                known = [row.aspect for row in comparison(table.name).rows]
                found += dead(f"row of {table.name}", table.rows, known)
        return found


@cache
def sheets() -> dict[str, Sheet]:
    """Every sheet by its name. Errors: ContentError with all findings."""
    found = entries(Sheet, FOLDER / "cheat-sheet.toml")
    problems = [
        f"{FILE}: {name}: {finding}"
        for name, sheet in found.items()
        for finding in sheet.findings()
    ]
    if problems:
        raise ContentError("\n".join(problems))
    return found


def check_formulas() -> None:
    """Each stands displayed on a page. Errors: ContentError with all that do not.

    Not among the findings: a slip in a formula is first told by its own page.
    """
    lost = [
        f"{FILE}: {name}: formula {formula.title!r} stands on no page: {formula.tex}"
        for name, sheet in sheets().items()
        for formula in sheet.formulas
        if not _derived(formula.tex)
    ]
    if lost:
        raise ContentError("\n".join(lost))


class CheatSheetFence(Entry):
    """The body of a `sheet` fence: which one."""

    name: str

    def render(self, page: Page) -> str:
        """One section, which on paper is a page of its own."""
        if self.name not in sheets():
            known = ", ".join(sheets())
            raise ContentError(f"name: no sheet {self.name!r}; known are {known}")
        sheet = sheets()[self.name]
        try:
            return page.anchored(_section(self.name, sheet, page))
        except ContentError as error:
            raise ContentError(f"{FILE}: {self.name}: {error}") from None


def _section(name: str, sheet: Sheet, page: Page) -> str:
    """All parts of a sheet, each under its heading.

    The style sheet stands with it: no other page needs it, and it sets the paper.
    """
    style = page.link("stylesheets/cheat-sheet.css")
    known = _figures(sheet.page)
    figures = "".join(known[title].render(page) for title in sheet.figures)
    parts = [
        ("say", "Say it", f"<p>{page.inline(questions()[sheet.spoken].answer)}</p>"),
        ("draw", "Draw it", f"<div>{figures}</div>"),
        ("write", "Write it", _formulas_list(sheet.formulas, page)),
        ("compare", "Compare", "".join(_table(t, page) for t in sheet.tables)),
        ("traps", "Traps", _traps(sheet.traps, page)),
        ("numbers", "Numbers", _items(map(page.inline, sheet.numbers))),
    ]
    inside = "".join(
        f'<div class="{kind}"><h3>{heading}</h3>{html}</div>'
        for kind, heading, html in parts
    )
    return (
        f'<section class="sheet" id="sheet-{name}" data-search-exclude>'
        f'<link rel="stylesheet" href="{style}">'
        f'<h2><a href="{page.link(sheet.page)}">{name.upper()}</a> '
        f"{page.inline(sheet.title)}</h2>{inside}</section>"
    )


def _items(lines: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{line}</li>' for line in lines)}</ul>"


def _formulas_list(formulas: list[Formula], page: Page) -> str:
    pairs = (
        f'<dt><a href="{page.link(_derived(formula.tex) or HOME)}">'
        f"{page.inline(formula.title)}</a></dt>"
        f'<dd tabindex="0">'
        f"{page.inline(f'${formula.tex}$')}</dd>"
        for formula in formulas
    )
    return f"<dl>{''.join(pairs)}</dl>"


def _traps(traps: list[Trap], page: Page) -> str:
    return _items(
        [
            f'<a href="{page.link(question_places()[trap.id])}">'
            f"{page.inline(questions()[trap.id].question)}</a> "
            f'<span class="verdict wrong">✗</span> '
            f"<q>{page.inline(questions()[trap.id].wrong_answer)}</q> "
            f'<span class="verdict holds">✓</span> {page.inline(trap.right())}'
            for trap in traps
        ]
    )


def _table(chosen: Rows, page: Page) -> str:
    """The rows of a comparison without their grounds, which the page has."""
    table = comparison(chosen.name)
    rows = [row for row in table.rows if not chosen.rows or row.aspect in chosen.rows]
    return (
        f'<div class="table-box" tabindex="0" role="region" '
        f'aria-label="Table: {escape(table.title)}"><table class="generated">'
        f"{filled(table.columns, (_row(row, page) for row in rows))}</table></div>"
    )


def _row(row: Row, page: Page) -> str:
    cells = "".join(f"<td>{_cell(cell, page)}</td>" for cell in row.cells)
    return f'<tr><th scope="row">{page.inline(row.aspect)}</th>{cells}</tr>'


def _cell(cell: Cell, page: Page) -> str:
    drawing = svg.thumbnail(parse(cell.mask), SIZE) if cell.mask else ""
    text = cell.text(interval=False).replace("|interval]", "]")
    return f"{drawing}{page.inline(text)}"


@cache
def _figures(page: str) -> dict[str, MaskFigure | TwoViewsFigure]:
    """The figures of a page that a candidate draws, by title."""
    found: dict[str, MaskFigure | TwoViewsFigure] = {}
    for body, place in bodies("figure"):
        keys = tomllib.loads(body) if place == page else {}
        if "mask" in keys:
            found[keys["title"]] = MaskFigure(**keys)
        elif "view" in keys:
            found[keys["title"]] = TwoViewsFigure(**keys)
    return found


@cache
def _derived(tex: str) -> str:
    """The first page that displays a formula, Q19 and Q39 before others; or nothing."""
    return next((page for page, shown in _displayed() if tex in shown), "")


@cache
def _displayed() -> list[tuple[str, str]]:
    """Each page with all of its displayed formulas."""
    first = sorted(pages().items(), key=lambda item: item[0][0] != "q")
    found = re.compile(r"^\$\$(.+)\$\$$", re.MULTILINE)
    return [(page, "\n".join(found.findall(text))) for page, text in first]
