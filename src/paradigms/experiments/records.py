"""Recorded measurements: read, checked, and quoted by pages."""

import ast
import difflib
import hashlib
import json
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

from pydantic import AfterValidator, Field

from paradigms._schema import ContentError, Entry, FileError, validate
from paradigms.experiments.pictures import AnyPicture, Picture

FOLDER = Path(__file__).parent / "results"
Value = float | str | list[float]


def _require_name(row: dict[str, Any]) -> dict[str, Any]:
    if not row.get("name"):
        raise ValueError("a row needs a name")
    return row


class Record(Entry):
    """One measurement with its provenance; `rows` are named.

    `instruction_set` is the one that torch used, `settings` are environment variables
    that restricted it or the threads; `versions` are those of every library that
    produced a row.
    `digest` is a hash over all the rest, so that no number is changed by hand.
    """

    versions: dict[str, str]
    processor: str
    instruction_set: str
    threads: int
    settings: dict[str, str]
    seconds: float
    rows: list[Annotated[dict[str, Any], AfterValidator(_require_name)]] = Field(
        min_length=1
    )
    digest: str


class Result(Record):
    """One experiment; a value is a number, a word, or [mean, low, high].

    `fingerprint` is a hash over what the code that produced the rows means;
    `pictures` are for figures only, by row and name: `VAE/walk`; `weights` are digests
    of the networks that were stored, by name.
    """

    config: dict[str, Any]
    fingerprint: str
    pictures: dict[str, Picture] = {}
    weights: dict[str, str] = {}


class Benchmark(Record):
    """One benchmark, with the day and the machine's `load` before and after."""

    load: list[float]
    date: date


AnyRecord = TypeVar("AnyRecord", bound=Record)
AnyBenchmark = TypeVar("AnyBenchmark", bound=Benchmark)


def digest(record: dict[str, Any]) -> str:
    """A hash over the JSON of a record without its digest."""
    rest = {key: value for key, value in record.items() if key != "digest"}
    return hashlib.sha256(json.dumps(rest).encode()).hexdigest()[:16]


def stems() -> set[str]:
    """The names of all experiments with a stored result."""
    return {path.stem for path in FOLDER.glob("*.json")}


def speeds() -> dict[str, Benchmark]:
    """Every recorded benchmark of the models by its stem. Errors: as for `load`."""
    return {
        path.stem: read_benchmark(path, Benchmark)
        for path in sorted((FOLDER.parents[1] / "evaluation/benchmarks").glob("*.json"))
    }


def read_benchmark(path: Path, kind: type[AnyBenchmark]) -> AnyBenchmark:
    """The benchmark in a file. Errors: as for `load`."""
    return _read(kind, path, "benchmarks", "bench")


@cache
def load(name: str) -> Result:
    """One stored result.

    Errors: ContentError, with file and remedy, if it is missing, truncated, malformed,
    or not as it was written.
    """
    return read(FOLDER / f"{name}.json")


def read(path: Path) -> Result:
    """The result in a file. Errors: as for `load`."""
    return _read(Result, path, "results", "measure")


def _read(kind: type[AnyRecord], path: Path, folder: str, target: str) -> AnyRecord:
    file, remedy = f"{folder}/{path.name}", f"run: make {target} NAME={path.stem}"
    try:
        text = path.read_text(encoding="utf8")
        body = json.loads(text, parse_constant=_reject_constant)
    except FileNotFoundError:
        raise FileError(f"{file} is missing; {remedy}") from None
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise FileError(f"{file} is not JSON; {remedy}") from None
    except ContentError as error:
        raise FileError(f"{file} {error}; {remedy}") from None
    try:
        result = validate(kind, body, file)
    except ContentError as error:
        lines = str(error).splitlines()
        raise FileError("\n".join(f"{line}; {remedy}" for line in lines)) from None
    if result.digest != digest(body):
        raise FileError(f"{file} was changed by hand; {remedy}")
    return result


def _reject_constant(word: str) -> NoReturn:
    """Python reads `NaN` and `Infinity`, which JSON does not know."""
    raise ContentError(f"holds {word}")


def question(name: str) -> str:
    """`QUESTION` of an experiment, read from its source: to import it needs torch."""
    path = FOLDER.parent / f"{name}.py"
    for node in ast.parse(path.read_text(encoding="utf8")).body:
        match node:
            case ast.Assign(targets=[ast.Name("QUESTION")], value=value):
                return str(ast.literal_eval(value))
    raise ContentError(f"experiments/{name}.py has no QUESTION")


def quote(address: str, interval: bool = True) -> str:
    """The value at `experiment/row/column`, ready to print, with or without interval.

    Errors: ContentError that lists what there is instead.
    """
    value = value_at(address)
    return format_value(value if interval or not isinstance(value, list) else value[0])


def value_at(address: str, load: Callable[[str], Result] = load) -> Value:
    """The value at `experiment/row/column`: a number, a word, or [mean, low, high].

    `load` returns the record of an experiment, by default the stored one.
    Errors: ContentError that lists the nearest addresses.
    """
    try:
        name, row_name, column = address.split("/")
    except ValueError:
        raise ContentError(
            f"value {address!r} must read experiment/row/column"
        ) from None
    rows = {row["name"]: row for row in load(name).rows}
    if row_name not in rows or column not in rows[row_name]:
        addresses = [
            f"{key}/{c}" for key, row in rows.items() for c in row if c != "name"
        ]
        near = difflib.get_close_matches(f"{row_name}/{column}", addresses, 5, 0)
        more = f"; and {len(addresses) - 5} more in results/{name}.json"
        raise ContentError(
            f"value {address!r} is not recorded; there is: {'; '.join(near)}"
            f"{more if len(addresses) > 5 else ''}"
        )
    value: Value = rows[row_name][column]
    return value


def picture(address: str, kind: type[AnyPicture]) -> AnyPicture:
    """The picture of that kind at `experiment/row/name`.

    Errors: ContentError that lists what there is instead.
    """
    name, _, key = address.partition("/")
    pictures = {
        key: value
        for key, value in load(name).pictures.items()
        if isinstance(value, kind)
    }
    if key not in pictures:
        raise ContentError(
            f"picture {address!r} is not recorded as {kind.__name__}; there is: "
            f"{', '.join(pictures) or 'none of that kind'}"
        )
    return pictures[key]


def format_value(value: Any) -> str:
    """A recorded value as pages print it: the mean, then its interval."""
    if isinstance(value, list):
        mean, low, high = map(_number, value)
        return f"{mean} (95% interval {low} to {high})"
    if isinstance(value, str):
        return value
    return _number(value) if isinstance(value, float) else f"{value:,}"


def _number(value: float) -> str:
    """Three significant digits; from 1000 all before the point; below 1e-6 zero.

    Such small numbers are rounding errors of differences, or not worth their digits.
    """
    if abs(value) < 1e-6:
        return "0"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
