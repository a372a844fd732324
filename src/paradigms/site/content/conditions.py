"""Conditions on recorded rows that a claim needs: `address < address or number`.

An address is `experiment/row/column`.  An interval is less than another only if it ends
before the other begins; `~` means level (each mean, or a number, lies in the other's
interval), `=` the same number or word.
"""

import re
from collections.abc import Callable

from paradigms._schema import ContentError
from paradigms.experiments.records import Result, Value, load, value_at

Load = Callable[[str], Result]
_FORM = re.compile(r"(?P<left>[^<>=~]+) (?P<sign>[<>=~]) (?P<right>[^<>=~]+)")


def check_form(predicate: str) -> str:
    """The same predicate. Errors: ContentError if it is malformed."""
    _sides(predicate)
    return predicate


def experiments(predicate: str) -> set[str]:
    """The experiments whose rows a predicate reads."""
    return {side.partition("/")[0] for side in _sides(predicate) if "/" in side}


def failure(predicate: str, load: Load = load) -> str | None:
    """Why a predicate fails, with the values; None if it holds.

    `load` returns the record of an experiment, by default the stored one.

    Errors: ContentError for a malformed predicate or an unknown address.
    """
    left, sign, right = _sides(predicate)
    if _holds(_value(left, load), sign, _value(right, load)):
        return None
    return f"{predicate!r} does not hold: {with_values(predicate, load)}"


def contradicted(predicate: str, load: Load = load) -> bool:
    """Whether the record shows the opposite; not if an interval leaves both open.

    Errors: ContentError for a malformed predicate or an unknown address.
    """
    left, sign, right = _sides(predicate)
    a, b = _value(left, load), _value(right, load)
    if sign in "<>":
        return _holds(a, "<" if sign == ">" else ">", b)
    return not _holds(a, sign, b)


def with_values(predicate: str, load: Load = load) -> str:
    """A predicate with recorded values in place of addresses: `1 (0.5 to 1.5) < 2`.

    With four significant digits, or as many as tell two different numbers apart.
    Errors: ContentError for a malformed predicate or an unknown address.
    """
    left, sign, right = _sides(predicate)
    a, b = _value(left, load), _value(right, load)
    digits = 4
    while a != b and digits < 9 and _text(a, digits) == _text(b, digits):
        digits += 1
    return f"{_text(a, digits)} {sign} {_text(b, digits)}"


def rows(predicate: str) -> set[str]:
    """The rows that a predicate reads: `experiment/row`."""
    return {side.rpartition("/")[0] for side in _sides(predicate) if "/" in side}


def _sides(predicate: str) -> tuple[str, str, str]:
    match = _FORM.fullmatch(predicate)
    if not match:
        raise ContentError(
            f"{predicate!r} must read: experiment/row/column, then <, >, = or ~, then "
            "another address, a number or a word"
        )
    return match["left"], match["sign"], match["right"]


def _value(side: str, load: Load) -> Value:
    if "/" in side:
        return value_at(side, load)
    try:
        return float(side)
    except ValueError:
        return side


def _holds(a: Value, sign: str, b: Value) -> bool:
    if sign == "=":
        return a == b
    if isinstance(a, str) or isinstance(b, str):
        raise ContentError(f"{a!r} and {b!r} are not both numbers: only = fits")
    (mean, low, high), (other_mean, other_low, other_high) = _interval(a), _interval(b)
    if sign == "~":
        inside = isinstance(b, list) and other_low <= mean <= other_high
        return (inside or not isinstance(b, list)) and low <= other_mean <= high
    return high < other_low if sign == "<" else low > other_high


def _interval(value: float | list[float]) -> list[float]:
    return value if isinstance(value, list) else [value] * 3


def _text(value: Value, digits: int) -> str:
    if isinstance(value, list):
        mean, low, high = (f"{number:.{digits}g}" for number in value)
        return f"{mean} ({low} to {high})"
    return f"{value:.{digits}g}" if isinstance(value, float) else str(value)
