"""What a figure draws of a result: one class for each kind of picture."""

from typing import Annotated, Literal, TypeVar

from pydantic import Field

from paradigms._schema import Entry


class Digits(Entry):
    """Pictures of digits in rows: 64 letters of base 17 each, one a pixel.

    `predictions` are a classifier's, for each row, `?` where it is not sure; `rows` and
    `columns` label.
    """

    kind: Literal["digits"] = "digits"
    digits: list[list[Annotated[str, Field(pattern="^[0-9a-g]{64}$")]]]
    predictions: list[str]
    rows: list[str] = []
    columns: list[str] = []


class Curves(Entry):
    """Lines by name, each through points (x, y)."""

    kind: Literal["curves"] = "curves"
    curves: dict[str, list[tuple[float, float]]]


class Bands(Entry):
    """Lines with intervals by name, each through points (x, mean, low, high)."""

    kind: Literal["bands"] = "bands"
    bands: dict[str, list[tuple[float, float, float, float]]]


class DecisionField(Entry):
    """A field: a line of letters from 0 to 4 for each height, from the top.

    `points` on it: x and y from -1 to 1, and a class.
    """

    kind: Literal["field"] = "field"
    field: list[Annotated[str, Field(pattern="^[0-4]+$")]]
    points: list[tuple[float, float, int]] = []


class Strip(Entry):
    """Lines of tokens by name, "" where there is none."""

    kind: Literal["strip"] = "strip"
    strip: dict[str, list[str]]


Picture = Annotated[
    Digits | Curves | Bands | DecisionField | Strip, Field(discriminator="kind")
]
AnyPicture = TypeVar("AnyPicture", Digits, Curves, Bands, DecisionField, Strip)
