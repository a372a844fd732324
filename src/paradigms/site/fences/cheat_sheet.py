"""The cheat sheet: two sheets of A4, assembled from content of other pages.

`snippets/cheat-sheet.toml` only selects: a spoken answer, figures, formulas, rows of
tables and traps by their names, and lines of numbers.
"""

import re

from markupsafe import Markup

from paradigms._schema import ContentError, Entry, FileError, raise_findings
from paradigms.site.content.comparison_tables import Comparison, comparison, names
from paradigms.site.content.evidence import unknown_names
from paradigms.site.content.pages import fences, pages
from paradigms.site.content.questions import question_places, questions
from paradigms.site.content.toml import FOLDER, entries
from paradigms.site.fences.figure import MaskFigure, TwoViewsFigure
from paradigms.site.fences.page import Fence, Page
from paradigms.site.fences.table import thumbnail
from paradigms.site.file_cache import cache
from paradigms.site.templates.environment import render

FILE = "snippets/cheat-sheet.toml"
HOME = "practice/cheat-sheet.md"

_SHORT_TITLE = re.compile(r'^title: "Q\d+: (.+)"$', re.MULTILINE)


class Formula(Entry):
    """A formula exactly as on a page, under a title."""

    title: str
    tex: str

    @property
    def page(self) -> str:
        """The first page that displays it, Q19 and Q39 before others; else HOME."""
        pages_with_it = (page for page, text in _formulas_by_page() if self.tex in text)
        return next(pages_with_it, HOME)


class Rows(Entry):
    """A comparison table, or the named rows of it."""

    name: str
    rows: list[str] = []

    def table(self) -> Comparison:
        """The table with these rows only; their evidence stands on its own page."""
        table = comparison(self.name)
        rows = [row for row in table.rows if not self.rows or row.aspect in self.rows]
        return table.model_copy(update={"rows": rows})


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
        """The short title of its page; the heading there is the whole question."""
        match = _SHORT_TITLE.search(pages()[self.page])
        return match[1].capitalize() if match else ""

    def findings(self) -> list[str]:
        """Every broken reference, one line each."""
        if self.page not in pages():
            return [f"page {self.page!r} does not exist"]
        if not self.title:
            return [f'page {self.page!r} has no short title: write title: "Q1: ..."']
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
    raise_findings(problems)
    return by_name


def check_formulas() -> None:
    """Check that each formula is on a page. Errors: ContentError with all missing.

    Not among the findings: an error in a formula is first reported by its own page.
    """
    missing = [
        f"{FILE}: {name}: formula {formula.title!r} stands on no page: {formula.tex}"
        for name, sheet in sheets().items()
        for formula in sheet.formulas
        if formula.page == HOME
    ]
    raise_findings(missing)


class CheatSheetFence(Fence):
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
            raise FileError(f"{FILE}: {self.name}: {error}") from None


def _section(name: str, sheet: Sheet, page: Page) -> Markup:
    """All parts of a sheet, each under its heading.

    The template links the style sheet: no other page needs it, and it sets the paper.
    """
    by_title = _figures(sheet.page)
    return render(
        "sheet.html",
        page=page,
        name=name,
        sheet=sheet,
        figures=[Markup(by_title[title].render(page)) for title in sheet.figures],
        questions=questions(),
        question_places=question_places(),
        thumbnail=thumbnail,
    )


@cache
def _figures(page: str) -> dict[str, MaskFigure | TwoViewsFigure]:
    """The figures of a page that a candidate draws, by title."""
    by_title: dict[str, MaskFigure | TwoViewsFigure] = {}
    for keys, path in fences("figure"):
        if path == page and "mask" in keys:
            by_title[keys["title"]] = MaskFigure(**keys)
        elif path == page and "view" in keys:
            by_title[keys["title"]] = TwoViewsFigure(**keys)
    return by_title


@cache
def _formulas_by_page() -> list[tuple[str, str]]:
    """Each page with all of its displayed formulas."""
    ordered = sorted(pages().items(), key=lambda item: item[0][0] != "q")
    pattern = re.compile(r"^\$\$(.+)\$\$$", re.MULTILINE)
    return [(page, "\n".join(pattern.findall(text))) for page, text in ordered]
