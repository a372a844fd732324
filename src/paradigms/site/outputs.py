"""Compare what code prints with what a page shows: as text and as numbers.

A number with a decimal point or an exponent may differ by one unit of its last digit,
if that is at most a tenth of the larger number, or by the tolerance that a comment of
the code states: `# output within 0.02`.  All else must be identical: words, counts,
lines, the number of decimals; only spaces that align numbers may change.

pytest's NUMBER is similar, but it compares binary floats, where 0.88 - 0.87 is more
than 0.01, and takes no tolerance; hence decimals here.
"""

import re
from decimal import Decimal
from itertools import zip_longest

# Not inside a word, a version such as 2.13.0, or a longer number.  The spaces before
# it are part of the match: a number with more digits is padded with fewer.
_NUMBER = re.compile(
    r"( *)((?<![\w.])[+-]?\d+(?:\.\d+(?:e[+-]?\d+)?|e[+-]\d+))(?!\d|\.\d)"
)
_TOLERANCE = re.compile(r"^[^'\"\n]*# *output within +([^\s:]+)", re.MULTILINE)


def tolerance(code: str) -> Decimal:
    """The tolerance that a comment of the code states; 0 without one.

    Errors: ValueError for what is not a positive number.
    """
    match = _TOLERANCE.search(code)
    if not match:
        return Decimal(0)
    if not re.fullmatch(r"\d*\.?\d+", match[1]) or not Decimal(match[1]):
        raise ValueError(f"# output within {match[1]}: write a positive number")
    return Decimal(match[1])


def difference(expected: str, actual: str, within: Decimal = Decimal(0)) -> str | None:
    """The first line that differs, in both versions; None if the outputs agree."""
    lines = zip_longest(expected.split("\n"), actual.split("\n"))
    for number, (expected_line, actual_line) in enumerate(lines, 1):
        if (
            expected_line is None
            or actual_line is None
            or not _equal(expected_line, actual_line, within)
        ):
            return f"line {number}: expected {expected_line!r}, printed {actual_line!r}"
    return None


def _equal(expected: str, actual: str, within: Decimal) -> bool:
    # Text, spaces, number, text, spaces, number, ..., text
    parts, others = _NUMBER.split(expected), _NUMBER.split(actual)
    return (
        len(parts) == len(others)
        and parts[::3] == others[::3]
        and all(
            _close(*pair, within)
            for pair in zip(_numbers(parts), _numbers(others), strict=True)
        )
    )


def _numbers(parts: list[str]) -> list[tuple[str, str]]:
    """Pairs of leading spaces and number."""
    return list(zip(parts[1::3], parts[2::3], strict=True))


def _close(expected: tuple[str, str], actual: tuple[str, str], within: Decimal) -> bool:
    (spaces, number), (other_spaces, other) = expected, actual
    aligned = len(spaces + number) == len(other_spaces + other)
    if _format(number) != _format(other) or not (aligned or spaces == other_spaces):
        return False
    a, b = Decimal(number), Decimal(other)
    # In a single digit one unit may be a real change: 0.2 is twice 0.1.
    rounding = min(_unit(a), _unit(b), max(abs(a), abs(b)) / 10)
    return abs(a - b) <= max(rounding, within)


def _unit(number: Decimal) -> Decimal:
    """One unit of the last digit."""
    return Decimal(1).scaleb(int(number.as_tuple().exponent))


def _format(number: str) -> tuple[int, bool]:
    """Digits after the point, and whether there is an exponent."""
    mantissa, exponent, _ = number.partition("e")
    return len(mantissa.partition(".")[2]), bool(exponent)
