"""Figures for the pages: a drawing, what to see in it, and the same in words."""

from html import escape
from itertools import groupby

from pydantic import Field, model_validator

from paradigms import svg
from paradigms.masks import grid, parse
from paradigms.page import Page, slug
from paradigms.snippets import Entry


class MaskFigure(Entry):
    """A mask drawn from its rule.

    `mask` is written as in code: `causal & padding(4)`.  `tokens` label rows and
    columns; where these differ (cross-attention), `columns` names what is seen.
    """

    mask: str
    tokens: str
    columns: str = ""
    title: str = Field(min_length=3)
    caption: str = Field(min_length=10)

    @model_validator(mode="after")
    def _mask_is_known(self) -> "MaskFigure":
        parse(self.mask)
        return self

    def render(self, page: Page) -> str:
        """The figure element, with the mask spelled out row by row below it."""
        rows = self.tokens.split()
        columns = (self.columns or self.tokens).split()
        rule = parse(self.mask)
        drawing = svg.mask(rule, _numbered(rows), columns, self.title)
        words = "".join(f"<li>{line}</li>" for line in _in_words(self, rows, columns))
        return page.anchored(
            f'<figure class="mask-figure" id="{slug(self.title)}">{drawing}'
            f"<figcaption><strong>{escape(self.title)}.</strong> "
            f"{page.inline(self.caption)} <code>{escape(self.mask)}</code></figcaption>"
            f'<details class="in-words" data-search-exclude><summary>The mask in words'
            f"</summary><ul>{words}</ul></details></figure>"
        )


def _numbered(tokens: list[str]) -> list[str]:
    return [f"{number} {token}" for number, token in enumerate(tokens, 1)]


def _in_words(figure: MaskFigure, rows: list[str], columns: list[str]) -> list[str]:
    seen = grid(parse(figure.mask), len(rows), len(columns))
    lines = []
    for label, row in zip(_numbered(rows), seen, strict=True):
        runs = [
            list(run)
            for value, run in groupby(enumerate(row), key=lambda c: c[1])
            if value
        ]
        spans = [_span(run[0][0], run[-1][0], columns) for run in runs]
        lines.append(f"{escape(label)} sees {' and '.join(spans) or 'nothing'}")
    return lines


def _span(first: int, last: int, columns: list[str]) -> str:
    start = f"{first + 1} {columns[first]}"
    end = f"{last + 1} {columns[last]}"
    return escape(start if first == last else f"{start} to {end}")
