"""Drawings as pure functions: a rule and some labels in, SVG text out.

Colours come from the page's style sheet through classes, so that one drawing serves
light, dark and print; ticks and dots repeat in shape what the colours say.
"""

from collections.abc import Iterator
from html import escape
from itertools import groupby
from typing import TypeVar

from paradigms.masks import Rule, grid

CELL = 30  # side of a cell, in units of the view box
Cell = TypeVar("Cell")
LETTER = 7.8  # width of a letter of a label


def mask(
    rule: Rule, rows: list[str], columns: list[str], title: str, *, empty: bool = False
) -> str:
    """A mask as a grid of cells: a row for each query, a column for each key.

    An empty one has the cells and the labels, to be filled in by hand.

    Errors: ValueError if there is no row or no column.
    """
    if not rows or not columns:
        raise ValueError("a mask needs at least one row and one column")
    visible = grid(rule, len(rows), len(columns))
    left = max(52.0, 12 + max(width_of(label) for label in rows))
    top = 26 + max(width_of(label) for label in columns) * 0.72
    right = max(10.0, width_of(columns[-1]) * 0.72 - CELL / 2)
    width = left + CELL * len(columns) + right
    height = top + CELL * len(rows) + 6
    cells = _lines(visible) if empty else _cells(visible, CELL) + _marks(visible)
    labels = [
        text_at(left - 7, top + CELL * (row + 0.5) + 4.5, text)
        for row, text in enumerate(rows)
    ] + [
        text_at(left + CELL * (column + 0.5) + 3, top - 7, text, turn=-46)
        for column, text in enumerate(columns)
    ]
    return drawing(
        width,
        height,
        title,
        f'<g transform="translate({left:.0f} {top:.0f})">{cells}</g>'
        f"{''.join(labels)}"
        f'<text class="axis" x="2" y="12">may see →</text>'
        f'<text class="axis" x="2" y="{top - 6:.0f}">looks ↓</text>',
    )


def drawing(
    width: float,
    height: float,
    title: str,
    content: str,
    style: str = "mask",
    top: int = 0,
) -> str:
    """The SVG element of a drawing: its size, its name for those who cannot see it.

    A chart is as wide as its column, and so is a field up to the limit of the style
    sheet; other drawings are never enlarged.
    """
    fills = style in {"chart", "mask field"}
    size = "" if fills else f'style="width:{width:.0f}px" '
    return (
        f'<svg class="{style}" viewBox="0 {top} {width:.0f} {height:.0f}" '
        f'{size}role="img" aria-label="{escape(title)}" '
        f"data-search-exclude>{content}</svg>"
    )


def thumbnail(rule: Rule, size: int) -> str:
    """A mask without labels, small enough for a table cell."""
    side = 7 * size
    return (
        f'<svg class="mask small" viewBox="-1 -1 {side + 2} {side + 2}" '
        f'style="width:{side + 2}px" role="img" '
        f'aria-label="shape of {escape(str(rule))}">'
        f"{_cells(grid(rule, size), 7)}</svg>"
    )


Point = tuple[float, float]


def _cells(visible: list[list[bool]], side: int) -> str:
    """Two paths of dashed lines, a dash per cell: a page with six masks stays light.

    The style sheet sets the length of a dash to that of a cell.
    """
    paths = {True: "", False: ""}
    for y, x, value, count in runs(visible):
        line = f"M{x * side + 1} {y * side + side / 2:g}h{count * side - 2}"
        paths[value] += line
    return "".join(
        f'<path class="{style}" d="{paths[value]}"/>'
        for style, value in (("sees", True), ("blind", False))
    )


def _lines(visible: list[list[bool]]) -> str:
    """The lines around all cells."""
    high, wide = len(visible), len(visible[0])
    across = "".join(f"M0 {y * CELL}h{wide * CELL}" for y in range(high + 1))
    down = "".join(f"M{x * CELL} 0v{high * CELL}" for x in range(wide + 1))
    return f'<path class="empty" d="{across}{down}"/>'


def _marks(visible: list[list[bool]]) -> str:
    """A tick in each visible cell, a dot in each other cell."""
    paths = {True: "", False: ""}
    for y, x, value, count in runs(visible):
        left, top = x * CELL, y * CELL + CELL // 2
        tick = f"M{left + 9} {top}" + "l4 5 8-10m18 5" * count
        dot = f"M{left + 14} {top}" + "h2m28 0" * count
        paths[value] += tick if value else dot
    return (
        f'<path class="tick" d="{paths[True]}"/><path class="dot" d="{paths[False]}"/>'
    )


def runs(matrix: list[list[Cell]]) -> Iterator[tuple[int, int, Cell, int]]:
    """Row, first column, value and length of each stretch of equal cells."""
    for y, row in enumerate(matrix):
        x = 0
        for value, run in groupby(row):
            count = len(list(run))
            yield y, x, value, count
            x += count


def text_at(x: float, y: float, text: str, turn: int = 0) -> str:
    """A row's label ends at (x, y); a column's label is turned and starts there."""
    style = ' class="special"' if "[" in text else ""
    place = f"translate({x:.0f} {y:.0f})"
    if turn:
        return f'<text{style} transform="{place} rotate({turn})">{escape(text)}</text>'
    return f'<text{style} text-anchor="end" transform="{place}">{escape(text)}</text>'


def width_of(text: str) -> float:
    """The width of a label, in units of the view box."""
    return len(text) * LETTER
