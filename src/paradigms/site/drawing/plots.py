"""Plots of recorded results: digits, training curves, bands, fields and strips.

Colours come from the style sheet, as in `svg`.
"""

from html import escape
from math import inf, log

from paradigms.site.drawing.svg import (
    LETTER,
    PANEL,
    Point,
    drawing,
    runs,
    text_at,
    width_of,
)

PIXEL = 4  # side of a pixel of a digit
STEP = 10  # from digit to digit, in pixels
GREYS = (0.3, 0.55, 0.8, 1)  # opacities; the lightest pixels are left blank


def digits(
    pictures: list[list[str]], rows: list[str], columns: list[str], title: str
) -> str:
    """Rows of 8x8 digits in shades of the text colour.

    A digit is 64 letters of base 17; `rows` and `columns` are labels, or empty.
    Errors: ValueError if there is no digit, or not one label for each row or column.
    """
    if not pictures or not pictures[0]:
        raise ValueError("a drawing of digits needs at least one digit")
    for labels, size in ((rows, len(pictures)), (columns, len(pictures[0]))):
        if labels and len(labels) != size:
            raise ValueError(f"there are {size} to label, and {len(labels)} labels")
    side = PIXEL * STEP
    left = 8 + max(map(width_of, rows)) if rows else 2
    top = 18 if columns else 2
    width, height = left + side * len(pictures[0]), top + side * len(pictures)
    names = [
        text_at(left - 6, top + side * (y + 0.5), text) for y, text in enumerate(rows)
    ] + [
        f'<text text-anchor="middle" x="{left + side * (x + 0.4):.0f}" y="12">'
        f"{escape(text)}</text>"
        for x, text in enumerate(columns)
    ]
    return drawing(
        width,
        height,
        title,
        f'{"".join(names)}<g stroke="currentColor" '
        f'transform="translate({left:.0f} {top}) scale({PIXEL}) translate(0 .5)">'
        f"{_shades(pictures)}</g>",
    )


def _shades(pictures: list[list[str]]) -> str:
    """A path for each shade: a dash for every run of pixels of that shade."""
    paths = [""] * (len(GREYS) + 1)
    for y, row in enumerate(pictures):
        for x, picture in enumerate(row):
            shades = [round(int(pixel, 17) * len(GREYS) / 16) for pixel in picture]
            lines = [shades[first : first + 8] for first in range(0, 64, 8)]
            for dy, dx, shade, count in runs(lines):
                start = f"M{x * STEP + dx} {y * STEP + dy}"
                paths[shade] += f"{start}h{count}"
    # Slightly more than a pixel high: no seams between the lines.
    return "".join(
        f'<path style="stroke:inherit;stroke-width:1.04" opacity="{opacity}" d="{d}"/>'
        for opacity, d in zip(GREYS, paths[1:], strict=True)
        if d
    )


def course(
    lines: list[tuple[str, list[Point]]], level: float, name: str, title: str
) -> str:
    """Training curves over steps, and a dashed level with its name.

    `lines`: name and points of each curve; the first is thick, the others thin or
    dotted, so that they differ without colour. y runs from 0 to twice the level.
    Errors: ValueError if there is no curve.
    """
    if not lines:
        raise ValueError("a drawing of a training needs at least one curve")
    width, height = PANEL
    last = max(x for _, points in lines for x, _ in points)

    def place(point: Point) -> str:
        y = height - 40 - point[1] / (2 * level) * (height - 60)
        return f"{30 + point[0] / last * (width - 40):.0f} {y:.0f}"

    curves = ""
    for number, (label, points) in enumerate(lines):
        style = ("2.2", "1.2", "1.2;stroke-dasharray:2 2")[number % 3]
        path = f'<path class="curve c{number}" style="stroke-width:{style}" d="M'
        x = 2 + 98 * number
        curves += (
            f'{path}{"L".join(map(place, points))}"/>{path}{x} {height - 6}h11"/>'
            f'<text class="axis" x="{x + 15}" y="{height - 2}">{escape(label)}</text>'
        )
    floor, middle = height - 40, place((0, level)).split()[1]
    return drawing(
        width,
        height,
        title,
        f'<path class="frame" d="M30 20V{floor}H{width - 10}"/>'
        f'<path class="frame dashed" d="M30 {middle}H{width - 10}"/>{curves}'
        f'<text class="axis" text-anchor="end" x="26" y="{int(middle) + 4}">{name}'
        f'</text><text class="axis" text-anchor="end" x="26" y="{floor}">0</text>'
        f'<text class="axis" text-anchor="end" x="{width - 10}" y="{floor + 14}">'
        f"{last:,.0f} steps</text>",
    )


FIELD = 288  # width of a field


def field(
    lines: list[str],
    points: list[tuple[float, float, int]],
    names: tuple[str, str],
    title: str,
) -> str:
    """P(class 1) over a plane in five shades, blue where it is high, with points.

    `lines`: letters from 0 to 4 for each height, from the top; `points`: x and y from
    -1 to 1, and a class, drawn as minus or plus; `names`: of the axes x and y.
    Errors: ValueError if there is no line, or lines differ in length.
    """
    if len({len(line) for line in lines}) != 1:
        raise ValueError("a field needs lines of one length")
    side = FIELD / len(lines[0])
    height = side * len(lines)
    paths = [""] * 5
    for y, x, shade, count in runs([list(line) for line in lines]):
        start = f"M{x * side:g} {(y + 0.5) * side:g}h{count * side:g}"
        paths[int(shade)] += start
    # Slightly more than a cell high: no seams between the lines.
    style = f"stroke-dasharray:none;stroke-width:{side + 0.3:.4g}"
    shades = "".join(
        f'<path class="sees" style="{style}" opacity="{shade / 4:g}" d="{path}"/>'
        for shade, path in enumerate(paths)
        if path and shade
    )
    signs = "".join(
        f"M{FIELD / 2 * (1 + x):.0f} {height / 2 * (1 - y):.0f}"
        + ("m-3 0h6m-3-3v6" if label else "m-3 0h6")
        for x, y, label in points
    )
    return drawing(
        FIELD,
        height + 36,
        title,
        f'<path class="blind" style="stroke-dasharray:none;'
        f'stroke-width:{height:g}" d="M0 {height / 2:g}h{FIELD}"/>{shades}'
        f'<path style="stroke:var(--md-default-fg-color);stroke-width:1.2" '
        f'd="{signs}"/><text class="axis" x="0" y="-5">{escape(names[1])} ↑</text>'
        f'<text class="axis" text-anchor="end" x="{FIELD}" y="{height + 14:.0f}">'
        f"{escape(names[0])} →</text>",
        top=-18,
    )


WRAP = 344  # width at which lines of tokens are broken, unless they form columns
WIDEST = 450  # of lines in columns; a phone shows these at three quarters of their size


def strip(lines: dict[str, list[str]], title: str) -> str:
    """Named lines of tokens in boxes; short lines of one length are aligned in columns.

    An empty token has no box.
    Errors: ValueError if there is no token at all.
    """
    if not any(any(tokens) for tokens in lines.values()):
        raise ValueError("a strip needs a token")
    longest = [max(map(len, column)) for column in zip(*lines.values(), strict=False)]
    aligned = len({len(tokens) for tokens in lines.values()}) == 1 and (
        sum(longest) * LETTER + 11 * len(longest) <= WIDEST
    )
    boxes, names, words, right, y = "", "", "", 0.0, 0
    for name, tokens in lines.items():
        names += f'<text class="axis" x="0" y="{y + 11}">{escape(name)}</text>'
        x, y = 0.0, y + 27
        for place, token in enumerate(tokens):
            width = (longest[place] if aligned else len(token)) * LETTER + 8
            if not aligned and x and x + width > WRAP:
                x, y = 0.0, y + 27
            if token:
                style = ' class="special"' if token[0] in "[<" else ""
                boxes += f"M{x:.0f} {y}h{width:.0f}"
                words += (
                    f'<text{style} text-anchor="middle" x="{x + width / 2:.0f}" '
                    f'y="{y + 4.5}">{escape(token)}</text>'
                )
            x += width + 3
            right = max(right, x)
        y += 19
    return drawing(
        right,
        y,
        title,
        f"{names}"
        f'<path class="blind" style="stroke-dasharray:none;stroke-width:23" '
        f'd="{boxes}"/>{words}',
    )


CHART = (420, 240)  # width and height of a chart of bands
KEY = 20  # width of the dashes before a line's name
DASHES = ("", "7 4", "2 3", "9 3 2 3")


def bands(
    lines: dict[str, list[tuple[float, float, float, float]]],
    names: tuple[str, str],
    title: str,
) -> str:
    """Means with their intervals over sizes on a logarithmic axis, lines labelled.

    `lines`: by name, points of x, mean, low and high; `names`: of the axes x and y.
    Errors: ValueError if there are not two sizes, or one is not positive.
    """
    points = [point for line in lines.values() for point in line]
    xs = sorted({point[0] for point in points})
    if len(xs) < 2 or xs[0] <= 0:
        raise ValueError("a chart of bands needs two sizes, all of them positive")
    width, height = CHART
    left, right = 36, width - 8 - KEY - max(map(width_of, lines)) * 0.85
    bottom, top = _range(points)

    def place(x: float, y: float) -> Point:
        fraction = log(x / xs[0]) / log(xs[-1] / xs[0])
        up = (y - bottom) / (top - bottom)
        return left + fraction * (right - left), height - 34 - up * (height - 58)

    curves, ends = "", []
    for number, (name, line) in enumerate(lines.items()):
        means = [place(x, mean) for x, mean, _, _ in line]
        bars = [(place(x, low), place(x, high)[1]) for x, _, low, high in line]
        curves += _line(number, means, bars)
        ends.append((means[-1][1], means[-1][0], number, name))
    floor = place(xs[0], bottom)[1]
    ticks = [(place(x, bottom)[0], x) for x in (xs[0], xs[len(xs) // 2], xs[-1])]
    return drawing(
        width,
        height,
        title,
        f'<path class="frame" d="M{left} 24V{floor:.0f}H{right:.0f}"/>{curves}'
        f"{_ends(ends, floor)}"
        f"{_axis_labels(ticks, [(28, top), (floor, bottom)], (left, right), names)}",
        style="mask chart",
    )


def _axis_labels(
    ticks: list[tuple[float, float]],
    levels: list[tuple[float, float]],
    edges: tuple[float, float],
    names: tuple[str, str],
) -> str:
    """Values along both axes, by their place in pixels, and the names of the axes."""
    height, (left, right) = CHART[1], edges
    horizontal = "".join(
        f'<text class="axis" text-anchor="middle" x="{place:.0f}" '
        f'y="{height - 20}">{x:,.0f}</text>'
        for place, x in ticks
    )
    vertical = "".join(
        f'<text class="axis" text-anchor="end" x="{left - 4}" y="{level:.0f}">'
        f"{value:.2g}</text>"
        for level, value in levels
    )
    return (
        f'{horizontal}{vertical}<text class="axis" x="2" y="12">'
        f'{escape(names[1])} ↑</text><text class="axis" text-anchor="end" '
        f'x="{right:.0f}" y="{height - 6}">{escape(names[0])} →</text>'
    )


def _range(points: list[tuple[float, float, float, float]]) -> tuple[float, float]:
    """Range of the y axis: from zero, or from below if an interval is clearly below."""
    top = max(point[3] for point in points)
    low = min(point[2] for point in points)
    return (low if low < -0.02 * top else 0.0), top


def _line(number: int, means: list[Point], bars: list[tuple[Point, float]]) -> str:
    """A dashed line through the means, and an error bar for each."""
    path = "L".join(f"{x:.0f} {y:.0f}" for x, y in means)
    error_bars = "".join(f"M{x:.0f} {low:.0f}V{high:.0f}" for (x, low), high in bars)
    style = f'class="curve c{number % 2}" style="stroke-width:1"'
    return f'{_dashed_path(number, path)}<path {style} d="{error_bars}"/>'


def _dashed_path(number: int, path: str) -> str:
    """A path in the colour and the dashes of a line."""
    dash = DASHES[number % len(DASHES)]
    dasharray = f";stroke-dasharray:{dash}" if dash else ""
    style = f'class="curve c{number % 2}" style="stroke-width:1.8{dasharray}"'
    return f'<path {style} d="M{path}"/>'


def _ends(ends: list[tuple[float, float, int, str]], floor: float = inf) -> str:
    """Key and name at the end of each line, kept apart and above the floor."""
    ends, heights, lowest = sorted(ends), [], -inf
    for y, *_ in ends:
        lowest = max(y + 4, lowest + 14)
        heights.append(lowest)
    labels, ceiling = "", floor + 4
    from_below = reversed(list(zip(ends, heights, strict=True)))
    for (_, x, number, name), height in from_below:
        ceiling = min(height, ceiling)
        place = f'x="{x + KEY + 6:.0f}" y="{ceiling:.0f}"'
        labels += _dashed_path(number, f"{x + 6:.0f} {ceiling - 4:.0f}h{KEY - 4}")
        labels += f'<text class="axis" {place}>{escape(name)}</text>'
        ceiling -= 14
    return labels
