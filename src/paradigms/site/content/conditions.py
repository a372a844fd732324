"""What recorded rows must show for a claim to stand: `address < address or number`.

An address is `experiment/row/column`, as in quotes.  Of two intervals one is less only
if it ends before the other begins; `~` says level (each mean, or a number, lies in the
other's interval), `=` the same number or word.
"""

import re
from collections.abc import Callable

from paradigms._schema import ContentError
from paradigms.experiments.records import Result, Value, load, recorded

Load = Callable[[str], Result]
_FORM = re.compile(r"(?P<left>[^<>=~]+) (?P<sign>[<>=~]) (?P<right>[^<>=~]+)")


def experiments(predicate: str) -> set[str]:
    """The experiments whose rows a predicate reads."""
    return {side.partition("/")[0] for side in _sides(predicate) if "/" in side}


def refuted(predicate: str, load: Load = load) -> str | None:
    """What speaks against it, with the values; None if it holds.

    `load` gives the record of an experiment: another one than the stored, if asked.

    Errors: ContentError if it is not of the form, or an address leads nowhere.
    """
    left, sign, right = _sides(predicate)
    if _holds(_value(left, load), sign, _value(right, load)):
        return None
    return f"{predicate!r} does not hold: {found(predicate, load)}"


def found(predicate: str, load: Load = load) -> str:
    """It with what is recorded in place of addresses: `1 (0.5 to 1.5) < 2`.

    In as many digits as show that two numbers differ, from four on.
    Errors: ContentError if it is not of the form, or an address leads nowhere.
    """
    left, sign, right = _sides(predicate)
    a, b = _value(left, load), _value(right, load)
    digits = 4
    while a != b and digits < 9 and _spell(a, digits) == _spell(b, digits):
        digits += 1
    return f"{_spell(a, digits)} {sign} {_spell(b, digits)}"


def rows(predicate: str) -> set[str]:
    """The rows that it reads: `experiment/row`."""
    return {s.rpartition("/")[0] for s in _sides(predicate) if "/" in s}


def _sides(predicate: str) -> tuple[str, str, str]:
    found = _FORM.fullmatch(predicate)
    if not found:
        raise ContentError(
            f"{predicate!r} must read: experiment/row/column, then <, >, = or ~, then "
            "another address, a number or a word"
        )
    return found["left"], found["sign"], found["right"]


def _value(side: str, load: Load) -> Value:
    if "/" in side:
        return recorded(side, load)
    try:
        return float(side)
    except ValueError:
        return side


def _holds(a: Value, sign: str, b: Value) -> bool:
    if sign == "=":
        return a == b
    if isinstance(a, str) or isinstance(b, str):
        raise ContentError(f"{a!r} and {b!r} are not both numbers: only = fits")
    (mean, low, high), (other, least, most) = _interval(a), _interval(b)
    if sign == "~":
        inside = isinstance(b, list) and least <= mean <= most
        return (inside or not isinstance(b, list)) and low <= other <= high
    return high < least if sign == "<" else low > most


def _interval(value: float | list[float]) -> list[float]:
    return value if isinstance(value, list) else [value] * 3


def _spell(value: Value, digits: int) -> str:
    if isinstance(value, list):
        mean, low, high = (f"{number:.{digits}g}" for number in value)
        return f"{mean} ({low} to {high})"
    return f"{value:.{digits}g}" if isinstance(value, float) else str(value)
