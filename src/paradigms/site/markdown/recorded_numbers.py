"""`[=experiment/row/column]`: a recorded number, linked to its record."""

import re
from math import floor, log10
from xml.etree import ElementTree

from markdown.preprocessors import Preprocessor
from markdown.util import ETX, STX, AtomicString

from paradigms._schema import ContentError
from paradigms.experiments.records import quote, value_at
from paradigms.site.fences.page import record_page
from paradigms.site.markdown.errors import failure
from paradigms.site.markdown.links import Linking

# It would end a cell of a table.
_UNESCAPED_BAR = re.compile(r"(\[=[^\]|\\]+)\|")


_ESCAPED_BAR = f"{STX}{ord('|')}{ETX}"  # what Markdown makes of an escaped bar


class Bars(Preprocessor):
    """Escapes the bar of `[=experiment/row/column|interval]` in rows of tables."""

    def run(self, lines: list[str]) -> list[str]:
        """The lines, with such bars escaped in those that begin with a bar."""
        return [
            _UNESCAPED_BAR.sub(r"\1\|", line) if line.lstrip().startswith("|") else line
            for line in lines
        ]


class Recorded(Linking):
    """`[=experiment/row/column]`: a recorded number, linked to its record.

    With `|interval` after the column: `0.83 (0.79 to 0.87)`; `|percent`: `83%`;
    `|percent_interval`: `83% (79% to 87%)`; `|points_interval`, for a difference of
    shares in percentage points: `4.2 (1.1 to 7.3)`; `|millions`: `124.4`.
    """

    def handleMatch(  # type: ignore[override] # noqa: N802 - as InlineProcessor's
        self,
        m: re.Match[str],
        data: str,  # noqa: ARG002 - Markdown's signature
    ) -> tuple[ElementTree.Element, int, int]:
        """The link, and start and end of the match."""
        source = self.unescape(m.group(1)).replace(_ESCAPED_BAR, "|")
        try:
            value = format_number(source)
        except ContentError as error:
            raise failure(self.md, f"[={source}]", str(error)) from None
        stem, row, _ = source.split("/")
        anchor = ElementTree.Element("a", {"class": "recorded"})
        anchor.set("href", self.address(record_page(stem, row)))
        anchor.text = AtomicString(value)
        return anchor, m.start(0), m.end(0)


def format_number(source: str) -> str:
    """The number at `experiment/row/column` as printed, with or without a `|form`.

    Errors: ContentError if it is not recorded, or for an unknown form.
    """
    # The name of a column may contain a bar, with spaces: `P(positive | example)`.
    form = re.search(r"\|(\w*)$", source)
    if not form:
        return quote(source, interval=False)
    address = source[: form.start()]
    match form[1]:
        case "interval":
            return mean_and_interval(address)
        case "percent":
            return _percent(address)
        case "percent_interval":
            _check_share(address)
            return mean_and_interval(address, factor=100, unit="%")
        case "points_interval":
            return mean_and_interval(address, factor=100)
        case "millions":
            return _millions(address)
    raise ContentError(
        f"{form[1]!r} behind the bar is unknown: interval, percent, percent_interval, "
        "points_interval, millions"
    )


def _millions(address: str) -> str:
    value = value_at(address)
    if not isinstance(value, int | float):
        raise ContentError(f"{address!r} is no number to count in millions: {value!r}")
    return f"{value / 1e6:,.1f}"


def _percent(address: str) -> str:
    """A share's mean: 74%, 1.3%, 0.84%; 99.9% where 100% would not be true."""
    percent = 100 * _check_share(address)
    if abs(percent) < 1e-4:
        return "0%"
    places = max(1 - floor(log10(abs(percent))), 0)
    if 99 < percent < 100:
        places = 2 if percent > 99.94 else 1
    return f"{percent:,.{places}f}%"


def _check_share(address: str) -> float:
    """The share's mean. Errors: ContentError if it is none, or not within 0 and 1."""
    value = value_at(address)
    share = value[0] if isinstance(value, list) else value
    if isinstance(share, str) or not 0 <= share <= 1:
        raise ContentError(
            f"{address!r} is no share between 0 and 1, to print in percent: {share!r}"
        )
    return share


def mean_and_interval(address: str, factor: float = 1, unit: str = "") -> str:
    """Mean and interval times a factor, rounded to the precision of the interval.

    Two significant digits of its half-width, but at most three of the mean; what is
    below a millionth counts as 0.
    Errors: ContentError if the value has no interval, or is not recorded.
    """
    value = value_at(address)
    if not isinstance(value, list):
        raise ContentError(f"{address!r} has no interval: {value!r}")
    value = [factor * part for part in value]
    mean, low, high = value
    sizes = [(abs(mean), 2), ((high - low) / 2, 1)]
    decimals = [digits - floor(log10(size)) for size, digits in sizes if size >= 1e-6]
    places = max(min(decimals, default=0), 0)
    texts = [f"{part:z,.{places}f}{unit}" for part in value]  # never -0
    return "{} ({} to {})".format(*texts)
