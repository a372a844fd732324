"""What code prints, compared with what a page shows: as text and as numbers.

A number with a decimal point or an exponent may differ by one unit of its last digit,
or by the tolerance that a comment of the code states: `# output within 0.02`.  All else
is compared to the letter: words, counts, lines, the number of digits.

pytest's NUMBER does nearly this.  It compares in binary, where 0.88 - 0.87 is more than
0.01, and has no way to state a tolerance; hence decimals here.
"""

import re
from decimal import Decimal
from itertools import zip_longest

# Not inside a word, a version such as 2.13.0, or a longer number.  The spaces before
# it are part of it, for a number with more digits leaves fewer of them.
_NUMBER = re.compile(
    r"( *)((?<![\w.])[+-]?\d+(?:\.\d+(?:e[+-]?\d+)?|e[+-]\d+))(?!\d|\.\d)"
)
_TOLERANCE = re.compile(r"^[^'\"\n]*# *output within +([^\s:]+)", re.MULTILINE)


def tolerance(code: str) -> Decimal:
    """What a comment of the code allows its numbers to differ; 0 without one.

    Errors: ValueError for what is not a positive number.
    """
    stated = _TOLERANCE.search(code)
    if not stated:
        return Decimal(0)
    if not re.fullmatch(r"\d*\.?\d+", stated[1]) or not Decimal(stated[1]):
        raise ValueError(f"# output within {stated[1]}: write a positive number")
    return Decimal(stated[1])


def difference(expected: str, actual: str, within: Decimal = Decimal(0)) -> str | None:
    """The first line in which two outputs differ, both versions of it; or None."""
    lines = zip_longest(expected.split("\n"), actual.split("\n"))
    for number, (wanted, printed) in enumerate(lines, 1):
        if wanted is None or printed is None or not _same(wanted, printed, within):
            return f"line {number}: expected {wanted!r}, printed {printed!r}"
    return None


def _same(wanted: str, printed: str, within: Decimal) -> bool:
    # Text, spaces, number, text, spaces, number, ..., text
    pieces, others = _NUMBER.split(wanted), _NUMBER.split(printed)
    return (
        len(pieces) == len(others)
        and pieces[::3] == others[::3]
        and all(
            _close(*pair, within)
            for pair in zip(_numbers(pieces), _numbers(others), strict=True)
        )
    )


def _numbers(pieces: list[str]) -> list[tuple[str, str]]:
    """Pairs of the spaces before a number and its digits."""
    return list(zip(pieces[1::3], pieces[2::3], strict=True))


def _close(wanted: tuple[str, str], printed: tuple[str, str], within: Decimal) -> bool:
    (spaces, number), (other_spaces, other) = wanted, printed
    aligned = len(spaces + number) == len(other_spaces + other)
    if _form(number) != _form(other) or not (aligned or spaces == other_spaces):
        return False
    a, b = Decimal(number), Decimal(other)
    unit = min(_unit(a), _unit(b))
    return abs(a - b) <= max(unit, within)


def _unit(number: Decimal) -> Decimal:
    """One in the last digit that is written."""
    return Decimal(1).scaleb(int(number.as_tuple().exponent))


def _form(number: str) -> tuple[int, bool]:
    """Digits after the point, and whether there is an exponent."""
    mantissa, exponent, _ = number.partition("e")
    return len(mantissa.partition(".")[2]), bool(exponent)
