"""Recorded measurements: read, checked, and quoted by pages."""

import json
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from paradigms.snippets import ContentError, Entry, validate

FOLDER = Path(__file__).parent / "results"
Value = float | str | list[float]


def _named(row: dict[str, Any]) -> dict[str, Any]:
    if not row.get("name"):
        raise ValueError("a row needs a name")
    return row


class Picture(Entry):
    """What a result shows: digits, curves, curves with intervals, a field, or a strip.

    A digit is 64 letters of base 17, one a pixel, row by row; `read` names what a
    classifier reads in each row, `?` where it is not sure; `rows` and `columns` label.
    Bands are points of x, mean, low and high.  A field has a line of letters from 0 to
    4 for each height, from the top, and points (x and y from -1 to 1, and a class) on
    it; a strip has lines of tokens by name, "" where there is none.
    """

    digits: list[list[Annotated[str, Field(pattern="^[0-9a-g]{64}$")]]] = []
    read: list[str] = []
    rows: list[str] = []
    columns: list[str] = []
    curves: dict[str, list[tuple[float, float]]] = {}
    bands: dict[str, list[tuple[float, float, float, float]]] = {}
    field: list[Annotated[str, Field(pattern="^[0-4]+$")]] = []
    points: list[tuple[float, float, int]] = []
    strip: dict[str, list[str]] = {}


class Result(Entry):
    """One experiment as it came out; `rows` are named and a value is [mean, low, high].

    `fingerprint` is a hash over the modules and the data that produced the rows;
    `pictures` are for figures only, by row and name: `VAE/walk`.
    """

    question: str
    config: dict[str, Any]
    versions: dict[str, str]
    processor: str
    seconds: float
    fingerprint: str
    rows: list[Annotated[dict[str, Any], AfterValidator(_named)]] = Field(min_length=1)
    pictures: dict[str, Picture] = {}


def stems() -> set[str]:
    """The names of all experiments with a stored result."""
    return {path.stem for path in FOLDER.glob("*.json")}


@cache
def load(name: str) -> Result:
    """One stored result. Errors: ContentError if missing, truncated or malformed."""
    path = FOLDER / f"{name}.json"
    remedy = f"run: make measure NAME={name}"
    try:
        body = json.loads(path.read_text(encoding="utf8"))
    except FileNotFoundError:
        raise ContentError(f"results/{name}.json is missing; {remedy}") from None
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise ContentError(f"results/{name}.json is not JSON; {remedy}") from None
    return validate(Result, body, f"results/{name}.json")


def quote(address: str, interval: bool = True) -> str:
    """The value at `experiment/row/column`, ready to print, with or without interval.

    Errors: ContentError that lists what there is instead.
    """
    value = recorded(address)
    return _spell(value if interval or not isinstance(value, list) else value[0])


def recorded(address: str) -> Value:
    """The value at `experiment/row/column`: a number, a word, or [mean, low, high].

    Errors: ContentError that lists what there is instead.
    """
    try:
        name, row_name, column = address.split("/")
    except ValueError:
        raise ContentError(
            f"value {address!r} must read experiment/row/column"
        ) from None
    rows = {row["name"]: row for row in load(name).rows}
    if row_name not in rows or column not in rows[row_name]:
        known = ", ".join(
            f"{key}/{c}" for key, row in rows.items() for c in row if c != "name"
        )
        raise ContentError(f"value {address!r} is not recorded; there is: {known}")
    return rows[row_name][column]


def picture(address: str) -> Picture:
    """The picture at `experiment/row/name`.

    Errors: ContentError that lists what there is instead.
    """
    name, _, key = address.partition("/")
    known = load(name).pictures
    if key not in known:
        raise ContentError(
            f"picture {address!r} is not recorded; there is: {', '.join(known)}"
        )
    return known[key]


def _spell(value: Any) -> str:
    if isinstance(value, list):
        mean, low, high = value
        return f"{mean:.3g} (95% interval {low:.3g} to {high:.3g})"
    if isinstance(value, str):
        return value
    return f"{value:.3g}" if isinstance(value, float) else f"{value:,}"
