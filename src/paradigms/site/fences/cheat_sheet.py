"""The cheat sheet: two sheets of A4, assembled from content of other pages.

`snippets/cheat-sheet.toml` only selects: a spoken answer, figures, formulas, rows of
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
from paradigms.site.content.evidence import unknown_names
from paradigms.site.content.pages import bodies, pages
from paradigms.site.content.questions import question_places, questions
from paradigms.site.content.toml import FOLDER, entries
from paradigms.site.drawing import svg
from paradigms.site.fences.figure import MaskFigure, TwoViewsFigure
from paradigms.site.fences.page import Page
from paradigms.site.fences.reference_tables import table_html

FILE = "snippets/cheat-sheet.toml"
HOME = "practice/cheat-sheet.md"


class Formula(Entry):
    """A formula exactly as on a page, under a title."""

    title: str
    tex: str


class Rows(Entry):
    """A comparison table, or the named rows of it."""

    name: str
    rows: list[str] = []


class Trap(Entry):
    """A question of the bank with its usual wrong answer and the right one.

    The right one: its key points, or these `sentences` of its answer, counted from one.
    """

    id: str
    sentences: list[int] = []

    def right(self) -> str:
        """The right answer, in its short form."""
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
        """The title of its page."""
        return re.findall(r"^# (.+)$", pages()[self.page], re.MULTILINE)[0]

    def findings(self) -> list[str]:
        """Every broken reference, one line each."""
        if self.page not in pages():
            return [f"page {self.page!r} does not exist"]
        ids = [self.spoken, *(trap.id for trap in self.traps)]
        problems = unknown_names("question", ids, questions())
        problems += [
            f"question {trap.id!r} quotes no wrong answer; choose a trap"
            for trap in self.traps
            if trap.id in questions() and not questions()[trap.id].wrong_answer
        ]
        problems += unknown_names(
            f"figure of {self.page}", self.figures, _figures(self.page)
        )
        problems += unknown_names(
            "table", [table.name for table in self.tables], names()
        )
        for table in self.tables:
            if table.name in names():
                aspects = [row.aspect for row in comparison(table.name).rows]
                problems += unknown_names(f"row of {table.name}", table.rows, aspects)
        return problems


@cache
def sheets() -> dict[str, Sheet]:
    """Every sheet by its name. Errors: ContentError with all findings."""
    by_name = entries(Sheet, FOLDER / "cheat-sheet.toml")
    problems = [
        f"{FILE}: {name}: {finding}"
        for name, sheet in by_name.items()
        for finding in sheet.findings()
    ]
    if problems:
        raise ContentError("\n".join(problems))
    return by_name


def check_formulas() -> None:
    """Check that each formula is on a page. Errors: ContentError with all missing.

    Not among the findings: an error in a formula is first reported by its own page.
    """
    missing = [
        f"{FILE}: {name}: formula {formula.title!r} stands on no page: {formula.tex}"
        for name, sheet in sheets().items()
        for formula in sheet.formulas
        if not _page_of_formula(formula.tex)
    ]
    if missing:
        raise ContentError("\n".join(missing))


class CheatSheetFence(Entry):
    """The body of a `sheet` fence: which one."""

    name: str

    def render(self, page: Page) -> str:
        """One section, which on paper is a page of its own."""
        if self.name not in sheets():
            available = ", ".join(sheets())
            raise ContentError(f"name: no sheet {self.name!r}; known are {available}")
        sheet = sheets()[self.name]
        try:
            return page.anchored(_section(self.name, sheet, page))
        except ContentError as error:
            raise ContentError(f"{FILE}: {self.name}: {error}") from None


def _section(name: str, sheet: Sheet, page: Page) -> str:
    """All parts of a sheet, each under its heading.

    The style sheet is linked here: no other page needs it, and it sets the paper size.
    """
    style = page.link("stylesheets/cheat-sheet.css")
    by_title = _figures(sheet.page)
    figures = "".join(by_title[title].render(page) for title in sheet.figures)
    parts = [
        ("say", "Say it", f"<p>{page.inline(questions()[sheet.spoken].answer)}</p>"),
        ("draw", "Draw it", f"<div>{figures}</div>"),
        ("write", "Write it", _formulas_list(sheet.formulas, page)),
        ("compare", "Compare", "".join(_table(t, page) for t in sheet.tables)),
        ("traps", "Traps", _traps(sheet.traps, page)),
        ("numbers", "Numbers", _items(map(page.inline, sheet.numbers))),
    ]
    body = "".join(
        f'<div class="{kind}"><h3>{heading}</h3>{html}</div>'
        for kind, heading, html in parts
    )
    return (
        f'<section class="sheet" id="sheet-{name}" data-search-exclude>'
        f'<link rel="stylesheet" href="{style}">'
        f'<h2><a href="{page.link(sheet.page)}">{name.upper()}</a> '
        f"{page.inline(sheet.title)}</h2>{body}</section>"
    )


def _items(lines: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{line}</li>' for line in lines)}</ul>"


def _formulas_list(formulas: list[Formula], page: Page) -> str:
    pairs = (
        f'<dt><a href="{page.link(_page_of_formula(formula.tex) or HOME)}">'
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


def _table(selection: Rows, page: Page) -> str:
    """Rows of a comparison table without their evidence, which its own page shows."""
    table = comparison(selection.name)
    rows = [
        row for row in table.rows if not selection.rows or row.aspect in selection.rows
    ]
    return (
        f'<div class="table-box" tabindex="0" role="region" '
        f'aria-label="Table: {escape(table.title)}"><table class="generated">'
        f"{table_html(table.columns, (_row(row, page) for row in rows))}</table></div>"
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
    by_title: dict[str, MaskFigure | TwoViewsFigure] = {}
    for body, path in bodies("figure"):
        keys = tomllib.loads(body) if path == page else {}
        if "mask" in keys:
            by_title[keys["title"]] = MaskFigure(**keys)
        elif "view" in keys:
            by_title[keys["title"]] = TwoViewsFigure(**keys)
    return by_title


@cache
def _page_of_formula(tex: str) -> str:
    """The first page that displays a formula, Q19 and Q39 before others; or nothing."""
    return next((page for page, formulas in _formulas_by_page() if tex in formulas), "")


@cache
def _formulas_by_page() -> list[tuple[str, str]]:
    """Each page with all of its displayed formulas."""
    ordered = sorted(pages().items(), key=lambda item: item[0][0] != "q")
    pattern = re.compile(r"^\$\$(.+)\$\$$", re.MULTILINE)
    return [(page, "\n".join(pattern.findall(text))) for page, text in ordered]
