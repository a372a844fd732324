"""Measure again without replacing the record, and report what moved.

On another processor, or with a smaller instruction set, numbers move.  What matters is
whether a mean leaves its recorded interval, an interval gains or loses zero, or the
condition of a claim no longer holds.  Measurements always use one thread.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from paradigms._files import ROOT
from paradigms.experiments import records
from paradigms.experiments.records import Result, Value, digest, load
from paradigms.experiments.runner.run import check_name, main, names
from paradigms.experiments.runner.workers import Workers


@dataclass(frozen=True)
class Comparison:
    """Two measurements of one experiment; a cell is named `row/column`.

    `outside`: new means outside the recorded interval; `crossed`: intervals that lie on
    another side of zero, or include it in one of the two only; `unmatched`: cells that
    only one has; `failing`: claims whose conditions no longer hold.
    """

    name: str
    cells: int
    intervals: int
    moved: list[str]
    outside: list[str]
    crossed: list[str]
    unmatched: list[str]
    failing: list[str]

    def report(self) -> str:
        """One line, and one for each cell and condition that matters."""
        if not (self.moved or self.unmatched or self.failing):
            return f"{self.name}: same rows, {self.cells} cells"
        lines = [
            f"{self.name}: {len(self.moved)} of {self.cells} cells moved, "
            f"{len(self.outside)} of {self.intervals} means outside their interval, "
            f"{len(self.crossed)} intervals changed sides of zero, "
            f"{len(self.failing)} conditions fail"
        ]
        lines += [f"  moved: {cell}" for cell in self.moved]
        for field in ("outside", "crossed", "unmatched", "failing"):
            lines += [f"  {field}: {cell}" for cell in getattr(self, field)]
        return "\n".join(lines)


# The conditions of claims that fail for another record of an experiment.
Conditions = Callable[[str, Result], list[str]]


def compare(
    name: str, recorded: Result, new: Result, failing_conditions: Conditions
) -> Comparison:
    """The second measurement against the first, cell by cell."""
    old_cells, new_cells = _cells(recorded), _cells(new)
    pairs = {
        cell: (value, new_cells[cell])
        for cell, value in old_cells.items()
        if cell in new_cells
    }
    intervals = {
        cell: (a, b)
        for cell, (a, b) in pairs.items()
        if isinstance(a, list) and isinstance(b, list)
    }
    return Comparison(
        name,
        cells=len(old_cells),
        intervals=len(intervals),
        moved=[
            f"{cell} {_format_value(a)}, now {_format_value(b)}"
            for cell, (a, b) in pairs.items()
            if a != b
        ],
        outside=[c for c, (a, b) in intervals.items() if not a[1] <= b[0] <= a[2]],
        crossed=[
            f"{cell} {_format_interval(a)}, now {_format_interval(b)}"
            for cell, (a, b) in intervals.items()
            if _sign(a) != _sign(b)
        ],
        unmatched=sorted(old_cells.keys() ^ new_cells.keys()),
        failing=failing_conditions(name, new),
    )


def check(
    experiments: list[str],
    failing_conditions: Conditions,
    folder: Path | None = None,
    workers: Workers = Workers(),
) -> None:
    """Measure the named experiments again, or all, and print what moved.

    The new records are written to `folder`, by default `.cache/check/` and the name of
    the instruction set; a record of the same name there is overwritten.
    Errors: ValueError that names the conditions of claims that no longer hold.
    """
    target = folder or default_folder()
    target.mkdir(parents=True, exist_ok=True)
    for name in experiments or names():
        check_name(name, names(), "experiment")
        load(name)  # fails on a missing record before hours of others
    failing = []

    def report(path: Path) -> None:
        comparison = compare(
            path.stem, load(path.stem), records.read(path), failing_conditions
        )
        print(comparison.report(), flush=True)
        failing.extend(comparison.failing)

    main(experiments, target, report, workers)
    if failing:
        raise ValueError(f"no longer true: {'; '.join(failing)}")


def default_folder() -> Path:
    """`.cache/check/` and the instruction set that torch uses."""
    return ROOT / ".cache" / "check" / torch.backends.cpu.get_cpu_capability()


def _cells(result: Result) -> dict[str, Value]:
    """Values by `row/column`; of a picture only whether it is the same.

    Networks are left out: their losses are rows.
    """
    values = {
        f"{row['name']}/{column}": value
        for row in result.rows
        for column, value in row.items()
        if column != "name"
    }
    pictures = {
        f"picture {name}": digest(picture.model_dump())
        for name, picture in result.pictures.items()
    }
    return values | pictures


def _sign(interval: list[float]) -> int:
    """-1 below zero, 1 above, 0 if zero is inside."""
    _, low, high = interval
    return (low > 0) - (high < 0)


def _format_value(value: Value) -> str:
    """A number in four significant digits, an interval behind its mean."""
    if isinstance(value, list):
        return f"{value[0]:.4g} {_format_interval(value)}"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _format_interval(interval: list[float]) -> str:
    return f"({interval[1]:.3g} to {interval[2]:.3g})"
