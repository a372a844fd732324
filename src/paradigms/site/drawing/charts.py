"""Charts: lines over two labelled axes, each with its own dashes, marker and colour.

Colours come from the style sheet, as in `svg`; text is large enough for a phone, where
a chart is as wide as the screen.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from math import ceil, floor, log, log10
from typing import Literal, NamedTuple

from paradigms.site.drawing.svg import Point, drawing

Scale = Literal["linear", "logarithmic"]
# x, mean, low, high; without an interval all three are equal.
Measured = tuple[float, float, float, float]

WIDTH = 400  # of the view box
HEIGHT = 170  # of the part with the lines
LETTER = 8  # width of a letter on a phone, where text is largest
LONGEST = 42  # letters of an axis's name with its scale
LINE = 18  # height of a line of text
SAMPLE = 34  # width of a line's sample in the legend
MARKED = 9  # markers of a line with many points
DASHES = ("", "7 4", "2 3", "10 3 2 3", "4 2", "12 4")
MARKERS = (  # round, square, triangle, diamond, cross, plus
    "m-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0",
    "m-2.7-2.7h5.4v5.4h-5.4z",
    "m0-3.6l3.4 6h-6.8z",
    "m0-3.8l3.4 3.8-3.4 3.8-3.4-3.8z",
    "m-2.6-2.6l5.2 5.2m0-5.2l-5.2 5.2",
    "m-3.4 0h6.8m-3.4-3.4v6.8",
)


class Axis(NamedTuple):
    """An axis: what it measures with its unit, its scale, and whether in percent."""

    name: str
    scale: Scale = "linear"
    percent: bool = False

    @property
    def label(self) -> str:
        """The name, and the scale unless it is linear."""
        return self.name + (", logarithmic" if self.scale == "logarithmic" else "")

    def text(self, value: float) -> str:
        """A value beside the axis."""
        if self.percent:
            return f"{100 * value:.10g}%"
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.6g}"


@dataclass(frozen=True)
class Line:
    """A line by its name; a `reference` is thin, grey and has no markers."""

    name: str
    points: Sequence[Measured]
    reference: bool = False


class Guide(NamedTuple):
    """A thin dashed line at a value of one axis, with its name."""

    value: float
    name: str


def chart(
    lines: Sequence[Line],
    across: Axis,
    up: Axis,
    title: str,
    level: Guide | None = None,
    upright: Guide | None = None,
) -> str:
    """Lines with their error bars, a legend above them, and names at both axes.

    `level` and `upright` are guides at a height and at a place.
    Errors: ValueError without two different x, for more lines than there are markers,
    for an axis with a long name, or a logarithmic one with an x that is not positive,
    and for an interval in percent that leaves 0 to 100.
    """
    points = [point for line in lines for point in line.points]
    xs = sorted({x for x, *_ in points})
    if len(xs) < 2:
        raise ValueError("a chart needs points at two places or more")
    if sum(not line.reference for line in lines) > len(MARKERS):
        raise ValueError(f"a chart has at most {len(MARKERS)} lines")
    if across.scale == "logarithmic" and xs[0] <= 0:
        raise ValueError(f"a logarithmic axis has no place for {xs[0]:g}")
    for axis in (across, up):
        if len(axis.label) > LONGEST:
            raise ValueError(
                f"axis {axis.label!r} has {len(axis.label)} letters: at most {LONGEST}"
            )
    if up.percent:
        _check_shares(lines)
    heights = [value for _, *values in points for value in values]
    heights += [level.value] if level else []
    low = min(0.0, *heights)
    ticks = [tick for tick in nice_ticks(low, max(heights)) if tick >= low]
    legend, top = _legend(lines)
    top += LINE + 8
    left = 6 + max(_width(up.text(tick)) for tick in ticks)
    frame = _Frame(across, xs, (low, ticks[-1]), left, top)
    shapes = "".join(
        _line(style, line, frame.place)
        for style, line in zip(_styles(lines), lines, strict=True)
    )
    return drawing(
        WIDTH,
        frame.floor + 2 * LINE + 6,
        title,
        f"{legend}{_grid(frame, ticks)}{_guides(frame, level, upright)}{shapes}"
        f"{_labels(frame, up, ticks)}",
        style="chart",
    )


def _check_shares(lines: Iterable[Line]) -> None:
    """Errors: ValueError for an interval of a share that leaves 0 to 1."""
    for line in lines:
        for x, _, low, high in line.points:
            if low < 0 or high > 1:
                raise ValueError(
                    f"{line.name} at {x:g}: {low:g} to {high:g} is no interval of a "
                    "share; use share_interval in the experiment, or leave out percent"
                )


class _Frame:
    """Where the values of both axes lie in the view box."""

    def __init__(
        self,
        across: Axis,
        xs: Sequence[float],
        ends: tuple[float, float],
        left: float,
        top: float,
    ) -> None:
        self.across, self.xs, self.ends = across, xs, ends
        self.left = left
        # The last value may stand beyond the end of its axis, but not of the chart.
        self.right = WIDTH - max(12, _width(across.text(xs[-1])) / 2 - 6)
        self.top, self.floor = top, top + HEIGHT

    def place(self, x: float, y: float) -> Point:
        """A point in the view box."""
        scale: Callable[[float], float] = (
            log if self.across.scale == "logarithmic" else float
        )
        first, last = scale(self.xs[0]), scale(self.xs[-1])
        fraction = (scale(x) - first) / (last - first)
        low, high = self.ends
        return (
            self.left + 6 + fraction * (self.right - self.left - 12),
            self.floor - (y - low) / (high - low) * HEIGHT,
        )

    def ticks(self) -> list[float]:
        """Values along the axis: those measured, or round ones, as far as they fit."""
        values: Sequence[float] = self.xs
        if self.across.scale == "linear":
            values = [
                tick
                for tick in nice_ticks(self.xs[0], self.xs[-1])
                if self.xs[0] <= tick <= self.xs[-1]
            ]
        ticks = [values[-1]]
        for value in reversed(values[:-1]):
            apart = self.place(ticks[-1], 0)[0] - self.place(value, 0)[0]
            widths = _width(self.across.text(value), self.across.text(ticks[-1]))
            if apart >= widths / 2 + 5:
                ticks.append(value)
        return ticks[::-1]


def _width(*texts: str) -> float:
    """The width of texts on a phone; a sign of percent is as wide as two letters."""
    return LETTER * sum(len(text) + text.count("%") for text in texts)


def nice_ticks(low: float, high: float) -> list[float]:
    """Four to eight round values from below `low` to above `high`, at equal steps."""
    size = 10 ** floor(log10(high - low)) if high > low else 1.0
    step = next(
        size * factor
        for factor in (0.1, 0.2, 0.25, 0.5, 1, 2)
        if (high - low) / (size * factor) <= 6
    )
    first = floor(low / step + 1e-9)
    last = max(ceil(high / step - 1e-9), first + 1)
    return [round(number * step, 10) for number in range(first, last + 1)]


def _styles(lines: Iterable[Line]) -> list[int]:
    """The number of each line's style; a reference has none: -1."""
    numbers, count = [], 0
    for line in lines:
        numbers.append(-1 if line.reference else count)
        count += not line.reference
    return numbers


def _stroke(style: int) -> str:
    """Class and dashes of a line."""
    if style < 0:
        return 'class="guide"'
    dashes = f' stroke-dasharray="{DASHES[style]}"' if DASHES[style] else ""
    return f'class="curve c{style}"{dashes}'


def _line(style: int, line: Line, place: Callable[[float, float], Point]) -> str:
    """A line through the means, its error bars, and its markers."""
    means = [place(x, mean) for x, mean, *_ in line.points]
    shapes = f'<path {_stroke(style)} d="{_path(means)}"/>'
    if style < 0:
        return shapes
    bars = "".join(
        "M{:.1f} {:.1f}V{:.1f}".format(*place(x, low), place(x, high)[1])
        for x, _, low, high in line.points
        if low != high
    )
    if bars:
        shapes += f'<path class="bar c{style}" d="{bars}"/>'
    every = 1 if len(means) <= MARKED + 3 else ceil(len(means) / MARKED)
    # Each line begins elsewhere, so that markers of lines that coincide are all seen.
    first = style * every // 3 % every
    marks = "".join(f"M{x:.1f} {y:.1f}{MARKERS[style]}" for x, y in means[first::every])
    return f'{shapes}<path class="mark c{style}" d="{marks}"/>'


def _path(points: Sequence[Point]) -> str:
    """Straight lines through points, to a tenth; from point to point, which is short.

    The steps are between rounded points, so that rounding errors do not add up.
    """
    tenths = [(round(10 * x), round(10 * y)) for x, y in points]
    (left, top), *_ = tenths
    steps = "".join(
        f"l{(b - a) / 10:g} {(d - c) / 10:g}" for (a, c), (b, d) in pairwise(tenths)
    )
    return f"M{left / 10:g} {top / 10:g}{steps}"


def _legend(lines: Sequence[Line]) -> tuple[str, float]:
    """A sample and the name of each line, in two columns if they fit; the height."""
    widest = max(_width(line.name) for line in lines) + SAMPLE
    columns = 2 if widest <= WIDTH / 2 and len(lines) > 1 else 1
    shapes = ""
    for number, (style, line) in enumerate(zip(_styles(lines), lines, strict=True)):
        x, y = number % columns * WIDTH / 2, LINE * (number // columns) + LINE / 2
        shapes += f'<path {_stroke(style)} d="M{x + 1:.0f} {y:.0f}h{SAMPLE - 8}"/>'
        if style >= 0:
            middle = f"M{x + SAMPLE / 2 - 3:.0f} {y:.0f}"
            shapes += f'<path class="mark c{style}" d="{middle}{MARKERS[style]}"/>'
        shapes += (
            f'<text x="{x + SAMPLE:.0f}" y="{y + 4:.0f}">{escape(line.name)}</text>'
        )
    return shapes, LINE * ceil(len(lines) / columns)


def _grid(frame: _Frame, ticks: Sequence[float]) -> str:
    """Both axes, and a faint line at each value of the axis up."""
    heights = [frame.place(frame.xs[0], tick)[1] for tick in ticks]
    lines = "".join(f"M{frame.left:.1f} {y:.1f}H{frame.right:.1f}" for y in heights)
    short = "".join(
        f"M{frame.place(x, 0)[0]:.1f} {frame.floor:.1f}v4" for x in frame.ticks()
    )
    axes = (
        f"M{frame.left:.1f} {frame.top:.1f}V{frame.floor:.1f}H{frame.right:.1f}{short}"
    )
    return f'<path class="grid" d="{lines}"/><path class="axis" d="{axes}"/>'


def _guides(frame: _Frame, level: Guide | None, upright: Guide | None) -> str:
    """The guides, each with its name."""
    shapes = ""
    if level:
        y = frame.place(frame.xs[0], level.value)[1]
        shapes += (
            f'<path class="guide" d="M{frame.left:.1f} {y:.1f}H{frame.right:.1f}"/>'
            f'<text text-anchor="end" x="{frame.right:.1f}" y="{y - 4:.1f}">'
            f"{escape(level.name)}</text>"
        )
    if upright:
        x = frame.place(upright.value, frame.ends[0])[0]
        shapes += (
            f'<path class="guide" d="M{x:.1f} {frame.top:.1f}V{frame.floor:.1f}"/>'
            f'<text text-anchor="middle" x="{x:.1f}" y="{frame.top - 10:.1f}">'
            f"{escape(upright.name)}</text>"
        )
    return shapes


def _labels(frame: _Frame, up: Axis, ticks: Sequence[float]) -> str:
    """Values along both axes, and the names of the axes."""
    values = "".join(
        f'<text text-anchor="middle" x="{frame.place(x, 0)[0]:.1f}" '
        f'y="{frame.floor + LINE - 1:.1f}">{frame.across.text(x)}</text>'
        for x in frame.ticks()
    ) + "".join(
        f'<text text-anchor="end" x="{frame.left - 4:.1f}" '
        f'y="{frame.place(frame.xs[0], tick)[1] + 4:.1f}">{up.text(tick)}</text>'
        for tick in ticks
    )
    return (
        f'{values}<text class="name" x="0" y="{frame.top - 10:.1f}">↑ '
        f'{escape(up.label)}</text><text class="name" text-anchor="end" '
        f'x="{frame.right:.1f}" y="{frame.floor + 2 * LINE:.1f}">'
        f"{escape(frame.across.label)} →</text>"
    )
