"""Run an experiment or a benchmark; record its rows, and what they depend on."""

import importlib
import json
import math
import os
import re
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch

from paradigms._files import PACKAGE, replaced
from paradigms._schema import meant
from paradigms.experiments import stored_networks
from paradigms.experiments.records import FOLDER, digest
from paradigms.experiments.runner import provenance, resume
from paradigms.experiments.runner.fingerprint import fingerprint
from paradigms.experiments.runner.resume import ResumableRun


def names() -> list[str]:
    """Every experiment by its stem: the modules with a QUESTION."""
    return [
        stem
        for stem in _stems("experiments")
        if "\nQUESTION = " in (PACKAGE / f"experiments/{stem}.py").read_text("utf8")
    ]


def benchmarks() -> list[str]:
    """Every benchmark by its stem."""
    return _stems("evaluation/benchmarks")


def _stems(folder: str) -> list[str]:
    stems = (path.stem for path in (PACKAGE / folder).glob("*.py"))
    return sorted(stem for stem in stems if stem != "__init__")


def measure(name: str, folder: Path | None = None) -> Path:
    """Run an experiment and write its result; an interruption keeps the old result.

    The next run resumes from the finished parts.  It computes with one thread: sums
    then have one order on every machine, and small networks gain nothing from more.
    Errors: ValueError for an unknown name, a second run at the same time, code that
    was edited meanwhile, or rows that no page could quote.
    """
    check_known(name, names(), "experiment")
    module: Any = importlib.import_module(f"paradigms.experiments.{name}")
    folder = folder or FOLDER
    torch.set_num_threads(1)
    identity = {
        "fingerprint": fingerprint(f"experiments.{name}"),
        "config": asdict(module.CONFIG),
        **provenance.machine(),
    }
    with ResumableRun(folder / f"{name}.parts", identity) as run:
        record, weights = _record(module, name, run)
        path = folder / f"{name}.json"
        return _store(path, record, weights) if run.leads else path


def _store(path: Path, record: dict[str, Any], weights: dict[str, Any]) -> Path:
    """New networks, the record, and only then away with the old networks.

    So a record that can be read names files that are there, whenever it is stopped.
    """
    folder = path.with_suffix("")
    if weights:
        keys = ("fingerprint", "config", "versions", *provenance.machine())
        metadata = {key: record[key] for key in keys}
        record["weights"] = stored_networks.write(folder, weights, metadata)
    _write(path, _with_digest(record))
    stored_networks.remove_others(folder, record.get("weights", {}))
    return path


def check_known(name: str, known: list[str], kind: str) -> None:
    """Errors: ValueError for an unknown name, with the nearest known one."""
    if name not in known:
        hint = meant(name, known)
        raise ValueError(f"no {kind} {name!r}{hint}; there are {', '.join(known)}")


def _record(
    module: Any, name: str, run: ResumableRun
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The record without its digest, and the weights of networks by their row."""
    start = time.monotonic()
    rows = module.run(module.CONFIG, run.each)
    if fingerprint(f"experiments.{name}") != run.identity["fingerprint"]:
        raise ValueError(f"the code of {name} was edited while it ran: measure again")
    weights = {
        row["name"]: row.pop("state_dict") for row in rows if "state_dict" in row
    }
    check_rows(name, rows)
    pictures = {
        f"{row['name']}/{name}": picture
        for row in rows
        for name, picture in row.pop("pictures", {}).items()
    }
    record = {
        **run.identity,
        "versions": provenance.versions(provenance.sources("experiments", name)),
        "seconds": round(run.seconds + time.monotonic() - start, 1),
        "rows": rows,
        **({"pictures": pictures} if pictures else {}),
    }
    return record, weights


def _with_digest(record: dict[str, Any]) -> dict[str, Any]:
    # As JSON gives it: lists for tuples, strings for the keys of every dictionary.
    return {**record, "digest": digest(json.loads(json.dumps(record)))}


def check_rows(name: str, rows: list[dict[str, Any]]) -> None:
    """Errors: ValueError for a row that no page could quote, and no claim could bind.

    An address is `experiment/row/column`, written in brackets, or beside a sign.
    """
    row_names: set[str] = set()
    for row in rows:
        problem = _row_problem(row, row_names)
        if problem:
            raise ValueError(
                f"experiments/{name}.py: {problem}; mend it, measure again"
            )
        row_names.add(row["name"])


def _row_problem(row: dict[str, Any], seen: set[str]) -> str | None:
    if not row.get("name"):
        return f"a row without a name: {row}"
    if row["name"] in seen:
        return f"two rows are named {row['name']!r}"
    for column, value in row.items():
        for word in (row["name"], column):
            if re.search(r"[][/<>=~]", word):
                return f"{word!r} must not hold any of / [ ] < > = ~"
        values = value if isinstance(value, list | tuple) else [value]
        if any(isinstance(v, float) and not math.isfinite(v) for v in values):
            return f"{column!r} of row {row['name']!r} is {value}, which JSON lacks"
    return None


def bench(
    name: str, folder: Path = PACKAGE / "evaluation/benchmarks", **options: Any
) -> Path:
    """Run a benchmark and write its record; `options` go into its `run`.

    Errors: ValueError for an unknown name.
    """
    check_known(name, benchmarks(), "benchmark")
    module: Any = importlib.import_module(f"paradigms.evaluation.benchmarks.{name}")
    start = time.monotonic()
    load = os.getloadavg()[0]
    rows = module.run(**options)
    record = {
        "versions": provenance.versions(
            provenance.sources("evaluation/benchmarks", name)
        ),
        **provenance.machine(),
        "load": [round(load, 1), round(os.getloadavg()[0], 1)],
        "date": date.today().isoformat(),
        "seconds": round(time.monotonic() - start, 1),
        "rows": rows,
    }
    return _write(folder / f"{name}.json", _with_digest(record))


def _write(path: Path, record: dict[str, Any]) -> Path:
    text = json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    with replaced(path) as draft:
        draft.write_text(text, "utf8")
    return path


def announce(path: Path) -> None:
    """Print which experiment is finished."""
    print(f"measured {path.stem}", file=sys.stderr)


def main(
    wanted: list[str],
    folder: Path | None = None,
    done: Callable[[Path], None] = announce,
) -> None:
    """Measure the named experiments, or all, as many at once as there are cores.

    The longest go first.  Timed ones come last, one by one.  `done` is called with each
    record that was written.
    """
    for name in wanted:
        check_known(name, names(), "experiment")  # fails before hours of others
    todo = sorted(wanted or names(), key=lambda name: -_last_seconds(name))
    # One run of many processes.
    distributed = int(os.environ.get("WORLD_SIZE", "1")) > 1
    parallel = (
        [] if distributed or len(todo) == 1 else [n for n in todo if not timed(n)]
    )
    if parallel:
        positions: Any = get_context("spawn").Queue()
        for position in range(os.cpu_count() or 1):
            positions.put(position)
        with ProcessPoolExecutor(
            os.cpu_count(), get_context("spawn"), _start_worker, (positions,)
        ) as pool:
            try:
                runs = [pool.submit(measure, name, folder) for name in parallel]
                for run in as_completed(runs):
                    done(run.result())
            finally:
                pool.shutdown(cancel_futures=True)
    for name in todo:
        if name not in parallel:
            done(measure(name, folder))


def _last_seconds(name: str) -> float:
    """Recorded seconds of the last run; infinite without a record, so it goes first."""
    try:
        return float(json.loads((FOLDER / f"{name}.json").read_text("utf8"))["seconds"])
    except (OSError, ValueError, KeyError, TypeError):
        return math.inf


def timed(name: str) -> bool:
    """Whether an experiment measures time, by its `TIMED`."""
    module = importlib.import_module(f"paradigms.experiments.{name}")
    return getattr(module, "TIMED", False)


def _start_worker(places: Any) -> None:
    """Initialise a worker process: its progress bar has its own line."""
    resume.PLACE = places.get()


def main_bench(wanted: list[str]) -> None:
    """Run the named benchmarks, or all; print one line for each of their rows."""
    for name in wanted or benchmarks():
        record = json.loads(bench(name).read_text("utf8"))
        for row in record["rows"]:
            print("  ".join(f"{key} {value}" for key, value in row.items()))
