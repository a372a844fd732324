"""Numbers in the formulas of the bank: both sides of each equation, evaluated.

A small part of TeX: numbers, fractions, roots, powers, logarithms, exponentials and
units. A side with a variable has no value, and no equation with it is checked.
"""

import math
import re
from typing import NamedTuple

_TOKEN = re.compile(
    r"(?P<space>\s|\\[,;:! ]|\\left|\\right)"
    r"|(?P<number>\d+(?:\{,\}\d{3})*(?:\.\d+)?)"
    r"|\\(?:text|mathrm)\{(?P<unit>[^}]*)\}"
    r"|(?P<relation>=|<|>|\\approx|\\leq?\b|\\geq?\b)"
    r"|(?P<stop>,|\\q?quad|\\\\|&)"
    r"|(?P<symbol>\\[A-Za-z]+|.)"
)
_UNITS = {"minutes": 60, "s": 1, "ms": 1e-3}  # in seconds; other words count as one
_TIMES = ("\\cdot", "\\times")


class Equation(NamedTuple):
    """Two neighbouring sides with values; `digit` is a unit of the last one printed."""

    left: float
    relation: str
    right: float
    digit: float

    def holds(self) -> bool:
        """Whether it is true: exactly, or for an approximation to the last digit."""
        if self.relation == "=":
            return math.isclose(self.left, self.right, rel_tol=1e-9)
        if self.relation == "\\approx":
            return abs(self.left - self.right) <= 0.5 * self.digit * (1 + 1e-9)
        low, high = self.left, self.right
        if self.relation in (">", "\\ge", "\\geq"):
            low, high = high, low
        return low < high or (low == high and self.relation not in ("<", ">"))


def equations(tex: str) -> list[Equation]:
    """Every relation between two sides that have values."""
    sides: list[list[tuple[str, str]]] = [[]]
    relations: list[str] = []
    for match in _TOKEN.finditer(tex):
        kind, text = str(match.lastgroup), match[match.lastgroup or 0]
        if kind in ("relation", "stop"):
            relations.append(text if kind == "relation" else "")
            sides.append([])
        elif kind != "space":
            sides[-1].append((kind, text))
    values = [_value(side) for side in sides]
    return [
        Equation(left, relation, right, _last_digit(side))
        for left, relation, right, side in zip(
            values, relations, values[1:], sides[1:], strict=False
        )
        if relation and left is not None and right is not None
    ]


def _last_digit(side: list[tuple[str, str]]) -> float:
    """One unit of the last digit of a number; zeros at the end of an integer round."""
    kind, text = side[0]
    if kind != "number":
        return 0.0
    digits = text.replace("{,}", "")
    _, point, decimals = digits.partition(".")
    zeros = len(digits) - len(digits.rstrip("0"))
    unit = math.prod(_UNITS.get(name, 1) for kind, name in side if kind == "unit")
    return 10.0 ** (-len(decimals) if point else zeros) * unit


def _value(side: list[tuple[str, str]]) -> float | None:
    parser = _Parser(side)
    try:
        value = parser.sum()
    except (ValueError, ArithmeticError, IndexError):
        return None
    return value if not parser.tokens else None


class _Parser:
    """Recursive descent. Errors: ValueError or IndexError for what has no value."""

    def __init__(self, side: list[tuple[str, str]]) -> None:
        self.tokens = list(side)

    def next_is(self, *symbols: str) -> bool:
        return bool(self.tokens) and self.tokens[0][1] in symbols

    def take(self) -> tuple[str, str]:
        return self.tokens.pop(0)

    def sum(self) -> float:
        value = self.product()
        while self.next_is("+", "-"):
            sign = 1 if self.take()[1] == "+" else -1
            value += sign * self.product()
        return value

    def product(self) -> float:
        value = self.power()
        while self.tokens and not self.next_is("+", "-", ")", "}"):
            kind, text = self.tokens[0]
            if kind == "unit":
                self.take()
                value *= _UNITS.get(text.strip(), 1)
            elif text == "/":
                self.take()
                value /= self.power()
            else:
                if text in _TIMES:
                    self.take()
                value *= self.power()
        return value

    def power(self) -> float:
        if self.next_is("-"):
            self.take()
            return -self.power()
        base = self.atom()
        if self.next_is("^"):
            self.take()
            return base ** self.atom()
        return base

    def atom(self) -> float:
        kind, text = self.take()
        if kind == "number":
            return float(text.replace("{,}", ""))
        if text in ("(", "{"):
            value = self.sum()
            if self.take()[1] != {"(": ")", "{": "}"}[text]:
                raise ValueError("brackets do not match")
            return value
        if text in ("\\frac", "\\tfrac"):
            return self.atom() / self.atom()
        if text == "\\sqrt":
            return math.sqrt(self.atom())
        if text == "\\log":
            base = math.e
            if self.next_is("_"):
                self.take()
                base = self.atom()
            return math.log(self.power()) / math.log(base)
        if text == "e":
            return math.e
        raise ValueError(f"{text} has no value")
