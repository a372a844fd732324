"""Drawings as pure functions: a rule and some labels in, SVG text out.

Colours come from the page's style sheet through classes, so that one drawing serves
light, dark and print; a tick or a dot repeats in shape what the colour says.
"""

from collections.abc import Iterator
from html import escape
from itertools import groupby

from paradigms.masks import Rule, grid

CELL = 30  # side of a cell, in units of the view box
LETTER = 7.8  # width of a letter of a label


def mask(rule: Rule, rows: list[str], columns: list[str], title: str) -> str:
    """A mask as a table of cells: a row for who looks, a column for what is seen.

    Errors: ValueError if there is no row or no column.
    """
    if not rows or not columns:
        raise ValueError("a mask needs at least one row and one column")
    seen = grid(rule, len(rows), len(columns))
    left = max(52.0, 12 + max(_width(label) for label in rows))
    top = 26 + max(_width(label) for label in columns) * 0.72
    right = max(10.0, _width(columns[-1]) * 0.72 - CELL / 2)
    width = left + CELL * len(columns) + right
    height = top + CELL * len(rows) + 6
    labels = [
        _label(left - 7, top + CELL * (row + 0.5) + 4.5, text)
        for row, text in enumerate(rows)
    ] + [
        _label(left + CELL * (column + 0.5) + 3, top - 7, text, turn=-46)
        for column, text in enumerate(columns)
    ]
    return (
        f'<svg class="mask" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'style="width:{width:.0f}px" role="img" aria-label="{escape(title)}" '
        f"data-search-exclude>"
        f'<g transform="translate({left:.0f} {top:.0f})">{_cells(seen, CELL)}'
        f"{_marks(seen)}</g>{''.join(labels)}"
        f'<text class="axis" x="2" y="12">may see →</text>'
        f'<text class="axis" x="2" y="{top - 6:.0f}">looks ↓</text></svg>'
    )


def thumbnail(rule: Rule, size: int) -> str:
    """The shape of a mask without words, small enough for a table cell."""
    side = 7 * size
    return (
        f'<svg class="mask small" viewBox="-1 -1 {side + 2} {side + 2}" '
        f'style="width:{side + 2}px" role="img" '
        f'aria-label="shape of {escape(str(rule))}">'
        f"{_cells(grid(rule, size), 7)}</svg>"
    )


Point = tuple[float, float]

PANEL = (300, 170)  # width and height of a panel of curves


def curves(
    lines: list[tuple[str, list[Point]]],
    domain: tuple[float, float],
    top: float,
    upright: float,
    title: str,
) -> str:
    """Curves over one axis, each named at its peak, and a dashed upright line.

    `lines`: name and points of each curve; `domain`: first and last x; `top`: highest
    y; `upright`: where the dashed line stands.
    Errors: ValueError if there is no curve.
    """
    if not lines:
        raise ValueError("a drawing of curves needs at least one curve")
    width, height = PANEL

    def place(point: Point) -> Point:
        x = (point[0] - domain[0]) / (domain[1] - domain[0]) * (width - 20) + 10
        return x, height - 24 - point[1] / top * (height - 60)

    boundary, floor = place((upright, 0))
    drawn = ""
    for number, (name, points) in enumerate(lines):
        path = "L".join(f"{x:.0f} {y:.0f}" for x, y in map(place, points))
        x, y = place(max(points, key=lambda point: point[1]))
        # Names lean away from the boundary, and stay inside the panel.
        anchor = "end" if x < boundary or x > width - 60 else "start"
        x += 24 if x < boundary else -24 if anchor == "start" else 0
        drawn += (
            f'<path class="curve c{number}" d="M{path}"/>'
            f'<text text-anchor="{anchor}" x="{x:.0f}" y="{y - 8:.0f}">{name}</text>'
        )
    return (
        f'<svg class="mask" viewBox="0 0 {width} {height}" style="width:{width}px" '
        f'role="img" aria-label="{escape(title)}" data-search-exclude>'
        f'<path class="frame" d="M10 {floor:.0f}h{width - 20}"/>'
        f'<path class="frame dashed" d="M{boundary:.0f} 18V{floor:.0f}"/>{drawn}'
        f'<text class="axis" text-anchor="middle" x="{boundary:.0f}" y="{height - 8}">'
        f'boundary</text><text class="axis" text-anchor="end" x="{width - 10}" '
        f'y="{height - 8}">x →</text></svg>'
    )


PIXEL = 4  # side of a pixel of a digit
STEP = 10  # from digit to digit, in pixels
GREYS = (0.3, 0.55, 0.8, 1)  # opacities; the lightest pixels are left blank


def digits(
    pictures: list[list[str]], rows: list[str], columns: list[str], title: str
) -> str:
    """Rows of 8x8 digits in shades of the colour of text, whatever that is.

    A digit is 64 letters of base 17; `rows` and `columns` label, and may be empty.
    Errors: ValueError if there is no digit, or not one label for each row or column.
    """
    if not pictures or not pictures[0]:
        raise ValueError("a drawing of digits needs at least one digit")
    for labels, size in ((rows, len(pictures)), (columns, len(pictures[0]))):
        if labels and len(labels) != size:
            raise ValueError(f"there are {size} to label, and {len(labels)} labels")
    side = PIXEL * STEP
    left = 8 + max(map(_width, rows)) if rows else 2
    top = 18 if columns else 2
    width, height = left + side * len(pictures[0]), top + side * len(pictures)
    names = [
        _label(left - 6, top + side * (y + 0.5), text) for y, text in enumerate(rows)
    ] + [
        f'<text text-anchor="middle" x="{left + side * (x + 0.4):.0f}" y="12">'
        f"{escape(text)}</text>"
        for x, text in enumerate(columns)
    ]
    return (
        f'<svg class="mask" viewBox="0 0 {width:.0f} {height}" '
        f'style="width:{width:.0f}px" role="img" aria-label="{escape(title)}" '
        f'data-search-exclude>{"".join(names)}<g stroke="currentColor" '
        f'transform="translate({left:.0f} {top}) scale({PIXEL}) translate(0 .5)">'
        f"{_shades(pictures)}</g></svg>"
    )


def _shades(pictures: list[list[str]]) -> str:
    """A path for each shade: a dash for every run of pixels of that shade."""
    paths = [""] * (len(GREYS) + 1)
    for y, row in enumerate(pictures):
        for x, picture in enumerate(row):
            shades = [round(int(pixel, 17) * len(GREYS) / 16) for pixel in picture]
            lines = [shades[start : start + 8] for start in range(0, 64, 8)]
            for down, first, shade, count in _runs(lines):
                place = f"M{x * STEP + first} {y * STEP + down}"
                paths[shade] += f"{place}h{count}"
    # Slightly more than a pixel high: no seams between the lines.
    return "".join(
        f'<path style="stroke:inherit;stroke-width:1.04" opacity="{opacity}" d="{d}"/>'
        for opacity, d in zip(GREYS, paths[1:], strict=True)
        if d
    )


def course(
    lines: list[tuple[str, list[Point]]], level: float, name: str, title: str
) -> str:
    """Curves over the steps of a training, and a dashed level with its name.

    `lines`: name and points of each curve; the first is thick, the others thin or
    dotted, so that they can be told apart without colour. y runs from 0 to twice the
    level.
    Errors: ValueError if there is no curve.
    """
    if not lines:
        raise ValueError("a drawing of a training needs at least one curve")
    width, height = PANEL
    last = max(x for _, points in lines for x, _ in points)

    def place(point: Point) -> str:
        y = height - 40 - point[1] / (2 * level) * (height - 60)
        return f"{30 + point[0] / last * (width - 40):.0f} {y:.0f}"

    drawn = ""
    for number, (label, points) in enumerate(lines):
        style = ("2.2", "1.2", "1.2;stroke-dasharray:2 2")[number % 3]
        path = f'<path class="curve c{number}" style="stroke-width:{style}" d="M'
        x = 2 + 98 * number
        drawn += (
            f'{path}{"L".join(map(place, points))}"/>{path}{x} {height - 6}h11"/>'
            f'<text class="axis" x="{x + 15}" y="{height - 2}">{escape(label)}</text>'
        )
    floor, middle = height - 40, place((0, level)).split()[1]
    return (
        f'<svg class="mask" viewBox="0 0 {width} {height}" style="width:{width}px" '
        f'role="img" aria-label="{escape(title)}" data-search-exclude>'
        f'<path class="frame" d="M30 20V{floor}H{width - 10}"/>'
        f'<path class="frame dashed" d="M30 {middle}H{width - 10}"/>{drawn}'
        f'<text class="axis" text-anchor="end" x="26" y="{int(middle) + 4}">{name}'
        f'</text><text class="axis" text-anchor="end" x="26" y="{floor}">0</text>'
        f'<text class="axis" text-anchor="end" x="{width - 10}" y="{floor + 14}">'
        f"{last:,.0f} steps</text></svg>"
    )


def _cells(seen: list[list[bool]], side: int) -> str:
    """Two paths of dashed lines, a dash a cell: a page with six masks stays light.

    The length of the dash, which is that of the cell, is the style sheet's.
    """
    paths = {True: "", False: ""}
    for y, x, value, count in _runs(seen):
        line = f"M{x * side + 1} {y * side + side / 2:g}h{count * side - 2}"
        paths[value] += line
    return "".join(
        f'<path class="{style}" d="{paths[value]}"/>'
        for style, value in (("sees", True), ("blind", False))
    )


def _marks(seen: list[list[bool]]) -> str:
    """A tick in each cell that sees, a dot in each that does not."""
    paths = {True: "", False: ""}
    for y, x, value, count in _runs(seen):
        left, top = x * CELL, y * CELL + CELL // 2
        tick = f"M{left + 9} {top}" + "l4 5 8-10m18 5" * count
        dot = f"M{left + 14} {top}" + "h2m28 0" * count
        paths[value] += tick if value else dot
    return (
        f'<path class="tick" d="{paths[True]}"/><path class="dot" d="{paths[False]}"/>'
    )


def _runs(seen: list[list[bool]]) -> Iterator[tuple[int, int, bool, int]]:
    """Row, first column, value and length of each stretch of equal cells."""
    for y, row in enumerate(seen):
        x = 0
        for value, run in groupby(row):
            count = len(list(run))
            yield y, x, value, count
            x += count


def _label(x: float, y: float, text: str, turn: int = 0) -> str:
    """A row's label ends at (x, y); a column's, which is turned, starts there."""
    style = ' class="special"' if "[" in text else ""
    place = f"translate({x:.0f} {y:.0f})"
    if turn:
        return f'<text{style} transform="{place} rotate({turn})">{escape(text)}</text>'
    return f'<text{style} text-anchor="end" transform="{place}">{escape(text)}</text>'


def _width(label: str) -> float:
    return len(label) * LETTER
