"""Figures for the pages: a drawing, its caption, and the same in words."""

from html import escape
from itertools import groupby
from math import exp, pi, sqrt
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from paradigms._schema import Entry
from paradigms.experiments.records import picture
from paradigms.masks import Rule, grid, parse
from paradigms.site.drawing import plots, svg
from paradigms.site.fences.page import Page, slug


def _check_mask(mask: str) -> str:
    parse(mask)
    return mask


class MaskFigure(Entry):
    """A mask drawn from its rule.

    `mask` is written as in code: `causal & padding(4)`.  `tokens` label rows and
    columns; where these differ (cross-attention), `columns` labels the keys.
    """

    mask: Annotated[str, AfterValidator(_check_mask)]
    tokens: str = Field(min_length=1)
    columns: str = ""
    title: str = Field(min_length=3)
    caption: str = Field(min_length=10)

    def render(self, page: Page) -> str:
        """The figure element, with the mask spelled out row by row below it."""
        rule = parse(self.mask)
        rows = _with_numbers(self.tokens.split())
        columns = (self.columns or self.tokens).split()
        drawing = svg.mask(rule, rows, columns, self.title)
        words = "".join(
            f"<li>{escape(line)}</li>" for line in in_words(rule, rows, columns)
        )
        code = f" <code>{escape(self.mask)}</code>"
        return element(page, self, drawing, f"<ul>{words}</ul>", code)


class TwoViewsFigure(Entry):
    """One problem as both kinds of model treat it: a joint, and a posterior.

    `view` is `joint` (what a generative model learns) or `posterior` (a discriminative
    one); both come from the same two normal distributions, one for each class.
    """

    view: Literal["joint", "posterior"]
    title: str = Field(min_length=3)
    caption: str = Field(min_length=10)

    def render(self, page: Page) -> str:
        """The figure element, with what it shows in words below it."""
        xs = [step / 10 for step in range(-40, 41)]
        if self.view == "joint":
            lines = [
                ("P(x, negative)", [(x, joint(x, 0)) for x in xs]),
                ("P(x, positive)", [(x, joint(x, 1)) for x in xs]),
            ]
            top = joint(MEANS[1], 1)
            words = "Two bells of equal height, which cross at the boundary"
        else:
            lines = [("P(positive | x)", [(x, posterior(x)) for x in xs])]
            top = 1.0
            words = "One curve that rises from 0 to 1, and is one half at the boundary"
        drawing = svg.curves(lines, (-4, 4), top, 0, self.title)
        return element(page, self, drawing, f"<p>{words}.</p>")


class DigitsFigure(Entry):
    """Recorded pictures of digits: `digits = "digit_generators/VAE/walk"`.

    In words: the predictions of the experiment's classifier, row by row.
    """

    digits: str
    title: str = Field(min_length=3)
    caption: str = Field(min_length=10)

    def render(self, page: Page) -> str:
        """The figure element, with each row's predictions below it."""
        record = picture(self.digits)
        drawing = plots.digits(record.digits, record.rows, record.columns, self.title)
        names = record.rows or [f"row {row}" for row in range(1, len(record.read) + 1)]
        words = "".join(
            f"<li>{escape(name)}: {escape(' '.join(predictions))}</li>"
            for name, predictions in zip(names, record.read, strict=True)
        )
        intro = "What a classifier reads; a question mark where it is not sure:"
        return element(page, self, drawing, f"<p>{intro}</p><ul>{words}</ul>")


class CourseFigure(Entry):
    """Recorded training curves: `course = "digit_generators/GAN/accuracy"`.

    `level` is the height of the dashed line, and `name` its label.
    """

    course: str
    level: float = Field(gt=0)
    name: str
    title: str = Field(min_length=3)
    caption: str = Field(min_length=10)

    def render(self, page: Page) -> str:
        """The figure element, with each curve's end values and range below it."""
        curves = picture(self.course).curves
        drawing = plots.course(list(curves.items()), self.level, self.name, self.title)
        words = "".join(
            f"<li>{escape(name)}: {points[0][1]:.2f} at first, {points[-1][1]:.2f} in "
            f"the end, between {min(y for _, y in points):.2f} and "
            f"{max(y for _, y in points):.2f}</li>"
            for name, points in curves.items()
        )
        return element(page, self, drawing, f"<ul>{words}</ul>")


class BandsFigure(Entry):
    """Recorded means over sizes: `bands = "label_efficiency/imdb, .../errors"`.

    `across` and `up` name the axes.
    """

    bands: str
    across: str
    up: str
    title: str = Field(min_length=3)
    caption: str = Field(min_length=10)

    def render(self, page: Page) -> str:
        """The figure element, with every mean and interval below it."""
        lines = picture(self.bands).bands
        drawing = plots.bands(lines, (self.across, self.up), self.title)
        words = "".join(
            f"<li>{escape(name)}: "
            + "; ".join(
                f"{mean:.3g} ({low:.3g} to {high:.3g}) at {x:,g}"
                for x, mean, low, high in points
            )
            + "</li>"
            for name, points in lines.items()
        )
        return element(page, self, drawing, f"<ul>{words}</ul>")


class FieldFigure(Entry):
    """Recorded predictions over a plane: `field = "boundaries/LDA/field"`.

    `across` and `up` name the axes with their range.
    """

    field: str
    across: str
    up: str
    title: str = Field(min_length=3)
    caption: str = Field(min_length=10)

    def render(self, page: Page) -> str:
        """The figure element, with class 1's share of about eight lines below it."""
        record = picture(self.field)
        drawing = plots.field(
            record.field, record.points, (self.across, self.up), self.title
        )
        lines = record.field[:: max(1, len(record.field) // 8)]
        words = "".join(f"<li>{sides(line)}</li>" for line in lines)
        intro = "From the top down, how much of the width class 1 has, and where:"
        return element(page, self, drawing, f"<p>{intro}</p><ul>{words}</ul>")


class StripFigure(Entry):
    """A recorded text before and after: `strip = "objectives_at_work/.../strip"`."""

    strip: str
    title: str = Field(min_length=3)
    caption: str = Field(min_length=10)

    def render(self, page: Page) -> str:
        """The figure element, with each line's tokens below it."""
        lines = picture(self.strip).strip
        words = "".join(
            f"<li>{escape(name)}: {escape(' '.join(token or '–' for token in tokens))}"
            "</li>"
            for name, tokens in lines.items()
        )
        drawing = plots.strip(lines, self.title)
        return element(page, self, drawing, f"<ul>{words}</ul>")


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


def element(page: Page, figure: Any, drawing: str, words: str, tail: str = "") -> str:
    """A drawing with its title and caption, and what it shows in words below it."""
    return page.anchored(
        f'<figure class="mask-figure" id="{slug(figure.title)}">{drawing}'
        f"<figcaption><strong>{escape(figure.title)}.</strong> "
        f"{page.inline(figure.caption)}{tail}</figcaption>"
        f'<details class="in-words" data-search-exclude><summary>In words</summary>'
        f"{words}</details></figure>"
    )


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
