"""Figures for the pages: a drawing, its caption, and the same in words."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from math import exp, pi, sqrt
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from markupsafe import Markup
from pydantic import AfterValidator, Field

from paradigms._schema import ContentError, meant
from paradigms.experiments.pictures import Bands, Curves, DecisionField, Digits, Strip
from paradigms.experiments.records import picture
from paradigms.masks import Rule, grid, parse
from paradigms.site.drawing import charts, plots, svg
from paradigms.site.fences.page import Fence, Page
from paradigms.site.templates.environment import render


def _check_mask(mask: str) -> str:
    parse(mask)
    return mask


# With its unit; a chart has room for one line.
AxisName = Annotated[str, Field(min_length=1, max_length=charts.LONGEST)]


class Words(NamedTuple):
    """What a drawing shows in words: a paragraph, then a list; each may be empty."""

    intro: str
    lines: list[str]


class Figure(Fence):
    """A drawing with its title and caption; a kind of figure is a subclass."""

    is_chart: ClassVar[bool] = False

    title: str = Field(min_length=3)
    caption: str = Field(min_length=10)

    def render(self, page: Page) -> str:
        """The figure element, with what it shows in words below it."""
        words = self.words()
        html = render(
            "figure.html",
            page=page,
            title=self.title,
            caption=self.caption,
            code=self.code(),
            drawing=Markup(self.drawing()),
            is_chart=self.is_chart,
            intro=words.intro,
            lines=words.lines,
            solution=Markup(self.solution()),
        )
        return page.anchored(html)

    def code(self) -> str:
        """What the caption shows as code."""
        return ""

    def drawing(self) -> str:
        """The figure as SVG."""
        raise NotImplementedError

    def solution(self) -> str:
        """Of a figure to be filled in by hand, the drawing that is asked for."""
        return ""

    def words(self) -> Words:
        """The figure for those who do not see it."""
        raise NotImplementedError


class MaskFigure(Figure):
    """A mask drawn from its rule.

    `mask` is written as in code: `causal & padding(4)`.  `tokens` label rows and
    columns; where these differ (cross-attention), `columns` labels the keys.
    With `blank` the grid is empty, and the mask is in a fold below it.
    """

    mask: Annotated[str, AfterValidator(_check_mask)]
    tokens: str = Field(min_length=1)
    columns: str = ""
    blank: bool = False

    def code(self) -> str:
        return self.mask

    def drawing(self) -> str:
        title = f"{self.title}, an empty grid" if self.blank else self.title
        rule = parse(self.mask)
        return svg.mask(rule, *self._labels(), title, empty=self.blank)

    def solution(self) -> str:
        if not self.blank:
            return ""
        return svg.mask(parse(self.mask), *self._labels(), self.title)

    def words(self) -> Words:
        return Words("", in_words(parse(self.mask), *self._labels()))

    def _labels(self) -> tuple[list[str], list[str]]:
        rows = _with_numbers(self.tokens.split())
        return rows, (self.columns or self.tokens).split()


class TwoViewsFigure(Figure):
    """One problem as both kinds of model treat it: a joint, and a posterior.

    `view` is `joint` (what a generative model learns) or `posterior` (a discriminative
    one); both come from the same two normal distributions, one for each class.
    """

    is_chart = True

    view: Literal["joint", "posterior"]

    def drawing(self) -> str:
        xs = [step / 7 for step in range(-28, 29)]
        if self.view == "joint":
            lines = [
                _curve("P(x, negative)", [(x, joint(x, 0)) for x in xs]),
                _curve("P(x, positive)", [(x, joint(x, 1)) for x in xs]),
            ]
            up = charts.Axis("density")
        else:
            lines = [_curve("P(positive | x)", [(x, posterior(x)) for x in xs])]
            up = charts.Axis("probability")
        across = charts.Axis("x, in standard deviations")
        boundary = charts.Guide(0, "boundary")
        return charts.chart(lines, across, up, self.title, upright=boundary)

    def words(self) -> Words:
        if self.view == "joint":
            return Words("Two bells of equal height, which cross at the boundary.", [])
        return Words(
            "One curve that rises from 0 to 1, and is one half at the boundary.", []
        )


class RecordedFigure(Figure):
    """A picture of a record, drawn and put into words."""


class DigitsFigure(RecordedFigure):
    """Recorded pictures of digits: `digits = "digit_generators/VAE/walk"`.

    `across` and `up` say what the labels of the columns and of the rows are; they are
    needed where there are labels.  In words: the predictions of the experiment's
    classifier, row by row.
    """

    digits: str
    across: AxisName | None = None
    up: AxisName | None = None

    def drawing(self) -> str:
        record = picture(self.digits, Digits)
        for key, name, labels in (
            ("across", self.across, record.columns),
            ("up", self.up, record.rows),
        ):
            if labels and not name:
                raise ContentError(f"{key}: say what {', '.join(labels[:3])}, ... are")
        names = self.across or "", self.up or ""
        return plots.digits(
            record.digits, record.rows, record.columns, self.title, names
        )

    def words(self) -> Words:
        record = picture(self.digits, Digits)
        count = len(record.predictions)
        names = record.rows or [f"row {row}" for row in range(1, count + 1)]
        return Words(
            "What a classifier reads; a question mark where it is not sure:",
            [
                f"{name}: {' '.join(predictions)}"
                for name, predictions in zip(names, record.predictions, strict=True)
            ],
        )


class CourseFigure(RecordedFigure):
    """Recorded training curves: `course = "digit_generators/GAN/accuracy"`.

    `across` and `up` name the axes with their units; `level` is the height of the
    dashed line, and `name` its label.
    """

    is_chart = True

    course: str
    across: AxisName
    up: AxisName
    level: float = Field(gt=0)
    name: str

    def drawing(self) -> str:
        curves = picture(self.course, Curves).curves
        return charts.chart(
            [_curve(name, points) for name, points in curves.items()],
            charts.Axis(self.across),
            charts.Axis(self.up),
            self.title,
            level=charts.Guide(self.level, self.name),
        )

    def words(self) -> Words:
        lines = []
        for name, points in picture(self.course, Curves).curves.items():
            ys = [y for _, y in points]
            lines.append(
                f"{name}: {ys[0]:.2f} at first, {ys[-1]:.2f} in the end, "
                f"between {min(ys):.2f} and {max(ys):.2f}"
            )
        return Words(_axes(self.across, self.up), lines)


class BandsFigure(RecordedFigure):
    """Recorded means over sizes: `bands = "label_efficiency/imdb, .../errors"`.

    `across` and `up` name the axes with their units; `scale` is that of the axis
    across. With `percent` a share is printed in percent. `baseline` names a line that
    the others are compared with, such as a diagonal.
    """

    is_chart = True

    bands: str
    across: AxisName
    up: AxisName
    scale: charts.Scale = "logarithmic"
    percent: bool = False
    baseline: str = ""

    def drawing(self) -> str:
        bands = picture(self.bands, Bands).bands
        if self.baseline and self.baseline not in bands:
            raise ContentError(
                f"baseline: {self.bands} has no line {self.baseline!r}; "
                f"there is: {', '.join(bands)}"
            )
        lines = [
            charts.Line(name, points, name == self.baseline)
            for name, points in bands.items()
        ]
        return charts.chart(lines, self._across(), self._up(), self.title)

    def words(self) -> Words:
        lines = []
        factor, unit = (100, "%") if self.percent else (1, "")
        for name, points in picture(self.bands, Bands).bands.items():
            intervals = (
                f"{factor * mean:.3g}{unit} ({factor * low:.3g} to {factor * high:.3g})"
                f" at {x:,g}"
                for x, mean, low, high in points
            )
            lines.append(f"{name}: {'; '.join(intervals)}")
        return Words(_axes(self._across().label, self._up().label), lines)

    def _across(self) -> charts.Axis:
        return charts.Axis(self.across, self.scale)

    def _up(self) -> charts.Axis:
        return charts.Axis(self.up, percent=self.percent)


class FieldFigure(RecordedFigure):
    """Recorded predictions over a plane: `field = "boundaries/LDA/field"`.

    `across` and `up` name the axes with their range.  In words: class 1's share of
    about eight lines.
    """

    is_chart = True

    field: str
    across: AxisName
    up: AxisName

    def drawing(self) -> str:
        record = picture(self.field, DecisionField)
        axes = self.across, self.up
        return plots.field(record.field, record.points, axes, self.title)

    def words(self) -> Words:
        lines = picture(self.field, DecisionField).field
        return Words(
            "From the top down, how much of the width class 1 has, and where:",
            [sides(line) for line in lines[:: max(1, len(lines) // 8)]],
        )


class StripFigure(RecordedFigure):
    """A recorded text before and after: `strip = "objectives_at_work/.../strip"`."""

    strip: str

    def drawing(self) -> str:
        return plots.strip(picture(self.strip, Strip).strip, self.title)

    def words(self) -> Words:
        lines = picture(self.strip, Strip).strip
        return Words(
            "",
            [
                f"{name}: {' '.join(token or '–' for token in tokens)}"
                for name, tokens in lines.items()
            ],
        )


# By the key that only this kind of figure has.
FIGURES: dict[str, type[Figure]] = {
    "mask": MaskFigure,
    "view": TwoViewsFigure,
    "digits": DigitsFigure,
    "course": CourseFigure,
    "bands": BandsFigure,
    "field": FieldFigure,
    "strip": StripFigure,
}
RECORDED = [key for key, kind in FIGURES.items() if issubclass(kind, RecordedFigure)]


def figure_kind(keys: Mapping[str, Any]) -> type[Figure]:
    """The kind of figure that a fence describes.

    Errors: ContentError unless exactly one of its keys names a kind.
    """
    kinds = [key for key in FIGURES if key in keys]
    if len(kinds) == 1:
        return FIGURES[kinds[0]]
    hints = "" if kinds else "".join(meant(key, FIGURES) for key in keys)
    raise ContentError(
        f"figure fence: takes one of the keys {', '.join(FIGURES)}; "
        f"it has {' and '.join(kinds) or 'none'}{hints}"
    )


def _curve(name: str, points: Iterable[tuple[float, float]]) -> charts.Line:
    """A line without intervals."""
    return charts.Line(name, [(x, y, y, y) for x, y in points])


def _axes(across: str, up: str) -> str:
    """The names of both axes in words."""
    return f"Across: {across}. Up: {up}."


def sides(line: str) -> str:
    """A line of a field in words: `42%, from 0 to 42%`."""
    positive = [letter > "2" for letter in line]
    intervals, start = [], 0
    for value, run in groupby(positive):
        end = start + len(list(run))
        if value:
            low, high = (round(100 * edge / len(line)) for edge in (start, end))
            intervals.append(f"{low} to {high}")
        start = end
    share = round(100 * sum(positive) / len(line))
    return f"{share}%" + (f", from {' and '.join(intervals)}%" if intervals else "")


MEANS = (-1.25, 1.25)  # of the two classes of `TwoViewsFigure`; deviation 1, prior 1/2


def joint(x: float, label: int) -> float:
    """P(x, label): the prior one half times a normal density."""
    return 0.5 * exp(-((x - MEANS[label]) ** 2) / 2) / sqrt(2 * pi)


def posterior(x: float) -> float:
    """P(positive | x), by Bayes' rule from the joint."""
    return joint(x, 1) / (joint(x, 0) + joint(x, 1))


def in_words(rule: Rule, rows: list[str], columns: list[str]) -> list[str]:
    """One sentence per row: `2 cat sees 1 The to 2 cat`, or `1 The sees nothing`."""
    labels = _with_numbers(columns)
    lines = []
    for row, visible in zip(rows, grid(rule, len(rows), len(columns)), strict=True):
        runs = [
            list(run)
            for value, run in groupby(
                zip(visible, labels, strict=True), key=lambda cell: cell[0]
            )
            if value
        ]
        spans = [
            run[0][1] if len(run) == 1 else f"{run[0][1]} to {run[-1][1]}"
            for run in runs
        ]
        lines.append(f"{row} sees {' and '.join(spans) or 'nothing'}")
    return lines


def _with_numbers(tokens: list[str]) -> list[str]:
    return [f"{number} {token}" for number, token in enumerate(tokens, 1)]
