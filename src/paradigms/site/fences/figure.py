"""Figures for the pages: a drawing, what to see in it, and the same in words."""

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


def _known(mask: str) -> str:
    parse(mask)
    return mask


class MaskFigure(Entry):
    """A mask drawn from its rule.

    `mask` is written as in code: `causal & padding(4)`.  `tokens` label rows and
    columns; where these differ (cross-attention), `columns` names what is seen.
    """

    mask: Annotated[str, AfterValidator(_known)]
    tokens: str = Field(min_length=1)
    columns: str = ""
    title: str = Field(min_length=3)
    caption: str = Field(min_length=10)

    def render(self, page: Page) -> str:
        """The figure element, with the mask spelled out row by row below it."""
        rule = parse(self.mask)
        rows = _numbered(self.tokens.split())
        columns = (self.columns or self.tokens).split()
        drawing = svg.mask(rule, rows, columns, self.title)
        words = "".join(
            f"<li>{escape(line)}</li>" for line in in_words(rule, rows, columns)
        )
        code = f" <code>{escape(self.mask)}</code>"
        return element(page, self, drawing, f"<ul>{words}</ul>", code)


class TwoViewsFigure(Entry):
    """One problem as both kinds of model see it: a joint, and a posterior.

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

    In words: what the judge of the experiment reads, row by row.
    """

    digits: str
    title: str = Field(min_length=3)
    caption: str = Field(min_length=10)

    def render(self, page: Page) -> str:
        """The figure element, with each row's readings below it."""
        found = picture(self.digits)
        drawing = plots.digits(found.digits, found.rows, found.columns, self.title)
        names = found.rows or [f"row {row}" for row in range(1, len(found.read) + 1)]
        words = "".join(
            f"<li>{escape(name)}: {escape(' '.join(read))}</li>"
            for name, read in zip(names, found.read, strict=True)
        )
        said = "What a classifier reads; a question mark where it is not sure:"
        return element(page, self, drawing, f"<p>{said}</p><ul>{words}</ul>")


class CourseFigure(Entry):
    """Recorded curves of a training: `course = "digit_generators/GAN/accuracy"`.

    `level` is where the dashed line stands, and `name` what it is called.
    """

    course: str
    level: float = Field(gt=0)
    name: str
    title: str = Field(min_length=3)
    caption: str = Field(min_length=10)

    def render(self, page: Page) -> str:
        """The figure element, with each curve's first, mean and last value below it."""
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
    """A recorded plane of beliefs: `field = "boundaries/LDA/field"`.

    `across` and `up` name the axes with their range.
    """

    field: str
    across: str
    up: str
    title: str = Field(min_length=3)
    caption: str = Field(min_length=10)

    def render(self, page: Page) -> str:
        """The figure element, with the middle of each boundary's line below it."""
        found = picture(self.field)
        drawing = plots.field(
            found.field, found.points, (self.across, self.up), self.title
        )
        lines = found.field[:: max(1, len(found.field) // 8)]
        words = "".join(f"<li>{sides(line)}</li>" for line in lines)
        said = "From the top down, how much of the width class 1 has, and where:"
        return element(page, self, drawing, f"<p>{said}</p><ul>{words}</ul>")


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
    believed = [letter > "2" for letter in line]
    stretches, start = [], 0
    for value, run in groupby(believed):
        end = start + len(list(run))
        if value:
            low, high = (round(100 * edge / len(line)) for edge in (start, end))
            stretches.append(f"{low} to {high}")
        start = end
    share = round(100 * sum(believed) / len(line))
    return f"{share}%" + (f", from {' and '.join(stretches)}%" if stretches else "")


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
    """A sentence a row: `2 cat sees 1 The to 2 cat`, or `1 The sees nothing`."""
    numbered = _numbered(columns)
    lines = []
    for row, seen in zip(rows, grid(rule, len(rows), len(columns)), strict=True):
        runs = [
            list(run)
            for sees, run in groupby(
                zip(seen, numbered, strict=True), key=lambda cell: cell[0]
            )
            if sees
        ]
        spans = [
            run[0][1] if len(run) == 1 else f"{run[0][1]} to {run[-1][1]}"
            for run in runs
        ]
        lines.append(f"{row} sees {' and '.join(spans) or 'nothing'}")
    return lines


def _numbered(tokens: list[str]) -> list[str]:
    return [f"{number} {token}" for number, token in enumerate(tokens, 1)]
