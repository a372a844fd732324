"""Run an experiment or a benchmark; record its rows, and what they depend on."""

import importlib
import json
import math
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from datetime import date
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from paradigms._files import PACKAGE, replaced
from paradigms._schema import meant
from paradigms.experiments import stored_networks
from paradigms.experiments.outcome import Row
from paradigms.experiments.records import FOLDER, digest
from paradigms.experiments.runner import provenance
from paradigms.experiments.runner.fingerprint import fingerprint, reads_clock
from paradigms.experiments.runner.resume import (
    ResumableRun,
    not_writable,
    under_torchrun,
)
from paradigms.experiments.runner.workers import Workers

Networks = dict[str, dict[str, Tensor]]
OF_MODELS, OF_THE_SITE = "evaluation/benchmarks", "site/benchmarks"  # folders


def names() -> list[str]:
    """Every experiment by its stem: the modules with a QUESTION."""
    return [
        stem
        for stem in _stems("experiments")
        if "\nQUESTION = " in (PACKAGE / f"experiments/{stem}.py").read_text("utf8")
    ]


def benchmarks() -> dict[str, str]:
    """The folder of every benchmark by its stem: the modules with a function `run`."""
    return {
        stem: folder
        for folder in (OF_MODELS, OF_THE_SITE)
        for stem in _stems(folder)
        if "\ndef run(" in (PACKAGE / f"{folder}/{stem}.py").read_text("utf8")
    }


def _stems(folder: str) -> list[str]:
    stems = (path.stem for path in (PACKAGE / folder).glob("*.py"))
    return sorted(stem for stem in stems if stem != "__init__")


def measure(name: str, folder: Path | None = None) -> Path:
    """Run an experiment and write its result; an interruption keeps the old result.

    The next run resumes from the finished parts.  It computes with one thread: sums
    then have one order on every machine, and small networks gain nothing from more.
    Errors: ValueError for an unknown name, a second run at the same time, code that
    was edited meanwhile, rows that no page could quote, or a full disk.
    """
    check_name(name, names(), "experiment")
    module: Any = importlib.import_module(f"paradigms.experiments.{name}")
    folder = folder or FOLDER
    torch.set_num_threads(1)
    identity = {
        "fingerprint": fingerprint(f"experiments.{name}"),
        "config": asdict(module.CONFIG),
        **provenance.machine(),
    }
    with ResumableRun(folder / f"{name}.parts", identity) as run:
        record, networks = _record(module, name, run)
        path = folder / f"{name}.json"
        try:
            return _store(path, record, networks) if run.leads else path
        except OSError as error:
            raise not_writable(folder, error.strerror) from None


def _store(path: Path, record: dict[str, Any], networks: Networks) -> Path:
    """New networks, the record, and only then away with the old networks.

    So a record that can be read names files that are there, whenever it is stopped.
    """
    folder = path.with_suffix("")
    if networks:
        keys = ("fingerprint", "config", "versions", *provenance.machine())
        metadata = {key: record[key] for key in keys}
        record["weights"] = stored_networks.write(folder, networks, metadata)
    _write(path, _with_digest(record))
    stored_networks.remove_others(folder, record.get("weights", {}))
    return path


def check_name(name: str, valid: list[str], kind: str) -> None:
    """Errors: ValueError for an unknown name, with the nearest valid one."""
    if name not in valid:
        hint = meant(name, valid)
        raise ValueError(f"no {kind} {name!r}{hint}; there are {', '.join(valid)}")


def _record(
    module: Any, name: str, run: ResumableRun
) -> tuple[dict[str, Any], Networks]:
    """The record without its digest, and the networks that are stored."""
    start = time.monotonic()
    outcome = module.run(module.CONFIG, run.each)
    if fingerprint(f"experiments.{name}") != run.identity["fingerprint"]:
        raise ValueError(f"the code of {name} was edited while it ran: measure again")
    check_rows(name, outcome.rows)
    pictures = {key: value.model_dump() for key, value in outcome.figures.items()}
    record = {
        **run.identity,
        "versions": provenance.versions(provenance.sources("experiments", name)),
        "seconds": round(run.seconds + time.monotonic() - start, 1),
        "rows": outcome.rows,
        **({"pictures": pictures} if pictures else {}),
    }
    return record, outcome.networks


def _with_digest(record: dict[str, Any]) -> dict[str, Any]:
    # As JSON gives it: lists for tuples, strings for the keys of every dictionary.
    return {**record, "digest": digest(json.loads(json.dumps(record)))}


def check_rows(name: str, rows: list[Row]) -> None:
    """Errors: ValueError for a row that no page could quote, and no claim could bind.

    An address is `experiment/row/column`, written in brackets, or beside a sign.
    """
    row_names: set[str] = set()
    for row in rows:
        problem = _row_problem(row, row_names)
        if problem:
            raise ValueError(
                f"experiments/{name}.py: {problem}; correct it and measure again"
            )
        row_names.add(row["name"])


def _row_problem(row: Row, row_names: set[str]) -> str | None:
    if not row.get("name"):
        return f"a row without a name: {row}"
    if row["name"] in row_names:
        return f"two rows are named {row['name']!r}"
    for column, value in row.items():
        for word in (row["name"], column):
            if re.search(r"[][/<>=~]", word):
                return f"{word!r} must not hold any of / [ ] < > = ~"
        values = value if isinstance(value, list | tuple) else [value]
        if any(isinstance(v, float) and not math.isfinite(v) for v in values):
            return f"{column!r} of row {row['name']!r} is {value}, which JSON lacks"
    return None


def bench(name: str, folder: Path | None = None, **options: Any) -> Path:
    """Run a benchmark and write its record; `options` go into its `run`.

    The record is beside the module, unless a folder is given.  It has the versions of
    the libraries that the module imports, and of its LIBRARIES, if it has these.  A
    benchmark of models runs twice where the processor has AVX2: with all instructions,
    and restricted to AVX2, whose ratios are columns of the same rows.
    Errors: ValueError for an unknown name.
    """
    check_name(name, list(benchmarks()), "benchmark")
    home = benchmarks()[name]
    libraries = getattr(_benchmark(home, name), "LIBRARIES", ())
    start = time.monotonic()
    load = os.getloadavg()[0]
    rows = _benchmark_rows(home, name, options)
    if home == OF_MODELS and torch.cpu.get_capabilities().get("avx2"):
        with restricted(provenance.AVX2) as process:
            others = process.submit(_benchmark_rows, home, name, options).result()
        by_name = {row["name"]: row for row in others}
        for row in rows:
            if row["name"] in by_name:  # compiled code uses all instructions
                for column in ("times as fast", "lowest and highest"):
                    row[f"{column} with AVX2"] = by_name[row["name"]][column]
    record = {
        "versions": provenance.versions(provenance.sources(home, name))
        | {library: version(library) for library in libraries},
        **provenance.machine(),
        "load": [round(load, 1), round(os.getloadavg()[0], 1)],
        "date": date.today().isoformat(),
        "seconds": round(time.monotonic() - start, 1),
        "rows": rows,
    }
    return _write((folder or PACKAGE / home) / f"{name}.json", _with_digest(record))


def _benchmark_rows(home: str, name: str, options: dict[str, Any]) -> list[Row]:
    rows: list[Row] = _benchmark(home, name).run(**options)
    return rows


def _benchmark(home: str, name: str) -> Any:
    return importlib.import_module(f"paradigms.{home.replace('/', '.')}.{name}")


@contextmanager
def restricted(settings: dict[str, str]) -> Iterator[ProcessPoolExecutor]:
    """A process of its own with these variables, which libraries read when loaded."""
    before = dict(os.environ)
    os.environ.update(settings)
    try:
        with ProcessPoolExecutor(1, get_context("spawn")) as process:
            yield process
    finally:
        os.environ.clear()
        os.environ.update(before)


def _write(path: Path, record: dict[str, Any]) -> Path:
    text = json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    with replaced(path) as draft:
        draft.write_text(text, "utf8")
    return path


def announce(path: Path) -> None:
    """Print which experiment is finished."""
    print(f"measured {path.stem}", file=sys.stderr)


def main(
    experiments: list[str],
    folder: Path | None = None,
    report: Callable[[Path], None] = announce,
    workers: Workers = Workers(),
) -> None:
    """Measure the named experiments, or all, one after another, by those workers.

    Those that read a clock come last, and run in this process alone.  `report` is
    called with each record that was written.
    """
    for name in experiments:
        check_name(name, names(), "experiment")  # fails before hours of others
    experiments = experiments or names()
    alone = [
        name
        for name in experiments
        if under_torchrun() or reads_clock(f"experiments.{name}")
    ]
    parallel = [name for name in experiments if name not in alone]
    with workers.run() if parallel else nullcontext():
        for name in parallel:
            report(measure(name, folder))
    for name in alone:
        report(measure(name, folder))


def main_bench(stems: list[str]) -> None:
    """Run the named benchmarks, or all; print one line for each of their rows."""
    for name in stems or benchmarks():
        record = json.loads(bench(name).read_text("utf8"))
        for row in record["rows"]:
            print("  ".join(f"{key} {value}" for key, value in row.items()))
