"""Drawings of recorded results: digits, fields and strips.

Colours come from the style sheet, as in `svg`.
"""

from html import escape

from paradigms.site.drawing.svg import (
    LETTER,
    drawing,
    runs,
    text_at,
    width_of,
)

PIXEL = 4  # side of a pixel of a digit
STEP = 10  # from digit to digit, in pixels
GREYS = (0.3, 0.55, 0.8, 1)  # opacities; the lightest pixels are left blank


def digits(
    pictures: list[list[str]],
    rows: list[str],
    columns: list[str],
    title: str,
    names: tuple[str, str] = ("", ""),
) -> str:
    """Rows of 8x8 digits in shades of the text colour.

    A digit is 64 letters of base 17; `rows` and `columns` are labels, or empty;
    `names`: what the labels of the columns and of the rows are.
    Errors: ValueError if there is no digit, or not one label for each row or column.
    """
    if not pictures or not pictures[0]:
        raise ValueError("a drawing of digits needs at least one digit")
    for labels, size in ((rows, len(pictures)), (columns, len(pictures[0]))):
        if labels and len(labels) != size:
            raise ValueError(f"there are {size} to label, and {len(labels)} labels")
    side = PIXEL * STEP
    left = 8 + max(map(width_of, rows)) if rows else 2
    head = 18 if any(names) else 0
    top = head + (18 if columns else 2)
    width, height = left + side * len(pictures[0]), top + side * len(pictures)
    labels = [
        text_at(left - 6, top + side * (y + 0.5), text) for y, text in enumerate(rows)
    ] + [
        f'<text text-anchor="middle" x="{left + side * (x + 0.4):.0f}" y="{head + 12}">'
        f"{escape(text)}</text>"
        for x, text in enumerate(columns)
    ]
    if names[0]:
        labels.append(
            f'<text class="axis" text-anchor="end" x="{width:.0f}" y="11">'
            f"{escape(names[0])} →</text>"
        )
    if names[1]:
        labels.append(f'<text class="axis" x="0" y="11">↓ {escape(names[1])}</text>')
    return drawing(
        width,
        height,
        title,
        f'{"".join(labels)}<g stroke="currentColor" '
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
        f"M{FIELD / 2 * (1 + x):.1f} {height / 2 * (1 - y):.1f}"
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
        f'd="{signs}"/><text class="axis" x="0" y="-5">↑ {escape(names[1])}</text>'
        f'<text class="axis" text-anchor="end" x="{FIELD}" y="{height + 14:.0f}">'
        f"{escape(names[0])} →</text>",
        style="mask field",
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
