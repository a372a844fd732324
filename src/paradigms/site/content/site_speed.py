"""The recorded speed of the site beside stock Material, and the limits we set."""

from dataclasses import dataclass
from typing import Any

from pydantic import model_validator

from paradigms.experiments.records import FOLDER, Benchmark, read_benchmark
from paradigms.site.file_cache import cache

PATH = FOLDER.parents[1] / "site/benchmarks/site.json"
COLUMNS = ("unit", "ours", "stock", "ratio", "lowest and highest", "pairs")


@dataclass(frozen=True)
class Limit:
    """At most this many times stock, and for an edit at most so many seconds."""

    ratio: float
    seconds: float | None = None

    def met(self, row: dict[str, Any]) -> bool:
        """Whether the medians of a row are within it."""
        in_time = self.seconds is None or row["ours"] <= self.seconds
        return bool(in_time and row["ratio"] <= self.ratio)


EDIT_OF_PAGE, EDIT_OF_PART = Limit(0.4, seconds=1.0), Limit(0.4, seconds=1.5)
WEIGHT = Limit(1.1)
SLOPE = Limit(1.2)
# Every row that the table shows, in order, by part of it; None for no limit.
PARTS: dict[str, dict[str, Limit | None]] = {
    "To write it": {
        "cold build": Limit(1.3),
        "warm build": Limit(0.5),
        "first page": None,
        "edit of a page": EDIT_OF_PAGE,
        "edit of a snippet": EDIT_OF_PART,
        "edit of drawing code": EDIT_OF_PART,
    },
    "To open it": {
        "start page": WEIGHT,
        "chapter": WEIGHT,
        "page of questions": WEIGHT,
    },
    "As it grows": {
        "memory of a cold build": None,
        "further chapter": SLOPE,
        "memory of a further chapter": SLOPE,
        "further question": SLOPE,
        "memory of a further question": SLOPE,
    },
}
LIMITS = {name: limit for part in PARTS.values() for name, limit in part.items()}
ROWS = tuple(LIMITS)


class SiteSpeed(Benchmark):
    """The record of `make bench NAME=site`. Errors: for a row that is not whole."""

    @model_validator(mode="after")
    def check_rows(self) -> "SiteSpeed":
        if complaints := problems(self.rows):
            raise ValueError("; ".join(complaints))
        return self


def problems(rows: list[dict[str, Any]]) -> list[str]:
    """Missing rows and columns, and ratios that do not belong to their values."""
    names = [row["name"] for row in rows]
    if names != list(ROWS):
        differing = sorted({*names} ^ {*ROWS}) or ["their order"]
        return [f"rows are missing, unknown or not in order: {', '.join(differing)}"]
    return [
        f"{row['name']}: {complaint}" for row in rows for complaint in _complaints(row)
    ]


def _complaints(row: dict[str, Any]) -> list[str]:
    if missing := [column for column in COLUMNS if column not in row]:
        return [f"has no {', '.join(missing)}"]
    low, high = row["lowest and highest"]
    result = []
    if not (row["ours"] > 0 and row["stock"] > 0 and row["pairs"] >= 1):
        result.append("without a value")
    elif not low <= row["ratio"] <= high:
        result.append("the median ratio is outside lowest and highest")
    # If each of ours is at most `high` times its stock, so is the median; four digits.
    elif not low * 0.999 <= row["ours"] / row["stock"] <= high * 1.001:
        result.append("the values do not belong to the ratios")
    return result


@cache
def site_speed() -> SiteSpeed:
    """The record. Errors: FileError if it is missing, not whole or changed by hand."""
    return read_benchmark(PATH, SiteSpeed)
