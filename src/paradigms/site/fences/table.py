"""The `table` fence: comparison tables, and the generated tables of the reference."""

from collections.abc import Callable
from html import escape

from paradigms._schema import ContentError, Entry
from paradigms.masks import parse
from paradigms.site.content.claims import places
from paradigms.site.content.comparison_tables import SIZE, Cell, comparison, names
from paradigms.site.drawing import svg
from paradigms.site.fences.page import Page, slug
from paradigms.site.fences.reference_tables import (
    bank_table,
    bibliography_table,
    claims_table,
    evidence_table,
    glossary_table,
    measured_table,
    sizes_table,
    speed_table,
    style_table,
    systems_table,
    table_html,
)

GENERATED: dict[str, tuple[str, Callable[[Page], str]]] = {
    "claims": ("Claims ledger", claims_table),
    "bank": ("The question bank by topic", bank_table),
    "bibliography": ("Bibliography", bibliography_table),
    "evidence": ("Tests that pages point to", evidence_table),
    "systems": ("Systems", systems_table),
    "sizes": ("Parameters of the published networks, in millions", sizes_table),
    "speed": ("Speed beside the references", speed_table),
    "measured": ("Stored results", measured_table),
    "glossary": ("Glossary", glossary_table),
    "style": ("House style", style_table),
}

# On a phone long cells are stacked, and short ones are in narrow columns.
STACKED = {"bibliography", "evidence", "measured", "style"}
NARROW = {"bank", "claims", "sizes", "speed"}


class TableFence(Entry):
    """The body of a `table` fence: the table's name, and what the reader should see."""

    name: str
    caption: str = ""

    def render(self, page: Page) -> str:
        """The table element inside a box that scrolls on narrow screens."""
        title, inner = self._content(page)
        caption = page.inline(self.caption) if self.caption else ""
        caption = f"<caption><div>{caption}</div></caption>" if caption else ""
        kinds = {"stacked": STACKED, "narrow": NARROW}
        kind = "".join(f" {kind}" for kind in kinds if self.name in kinds[kind])
        return page.anchored(
            f'<div class="table-box" tabindex="0" role="region" '
            f'aria-label="Table: {escape(title)}">'
            f'<table class="generated{kind}">{caption}{inner}</table></div>'
        )

    def _content(self, page: Page) -> tuple[str, str]:
        if self.name in GENERATED:
            title, make = GENERATED[self.name]
            return title, make(page)
        if self.name in names():
            return comparison(self.name).title, _comparison(self.name, page)
        available = ", ".join(sorted([*GENERATED, *names()]))
        raise ContentError(f"name: no table {self.name!r}; known are {available}")


def _comparison(name: str, page: Page) -> str:
    table = comparison(name)
    rows = (
        f'<tr><th scope="row">{page.inline(row.aspect)}</th>'
        + "".join(_cell(cell, page) for cell in row.cells)
        + "</tr>"
        for row in table.rows
    )
    return table_html(table.columns, rows)


def _cell(cell: Cell, page: Page) -> str:
    drawing = svg.thumbnail(parse(cell.mask), SIZE) if cell.mask else ""
    links = [f'<a href="{page.link(places()[key])}">{key}</a>' for key in cell.claims]
    if cell.value:
        stem = cell.value.partition("/")[0]
        href = page.link(f"reference/evidence.md#{slug(stem)}")
        links.append(f'<a href="{href}">measured</a>')
    if cell.status != "none":
        links.append(page.evidence(cell))
    evidence = " · ".join(links)
    return f"<td>{drawing}{page.inline(cell.text())}<small>{evidence}</small></td>"
