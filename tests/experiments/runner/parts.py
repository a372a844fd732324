"""Parts of a tiny run, and programs that run them: `python -m ... FOLDER HOW`."""

import json
import os
import resource
import signal
import sys
import time
from functools import partial
from pathlib import Path

import torch

from paradigms.experiments.runner.resume import ResumableRun
from paradigms.experiments.runner.workers import Workers

IDENTITY = {"fingerprint": "abc", "config": {"seeds": (0, 1)}}
MEGABYTE = 2**20


def half(log: Path, item: int) -> dict:
    """Half of the item, which is noted in a file; its keys and values are no JSON."""
    with log.open("a") as file:
        file.write(f"{item}\n")
    return {item: (item / 2, torch.tensor([item]))}


def fatal(log: Path, item: int) -> dict:
    """The process ends at item 2, once the others are done, unless `log` says so."""
    if item == 2 and not log.with_name("repaired").exists():
        while len(log.read_text().split()) < 2:
            time.sleep(0.01)
        time.sleep(1)  # until their results have arrived
        os._exit(1)
    return half(log, item)


def slow(log: Path, item: int) -> dict:
    """Items from 2 on wait, unless `log` says so."""
    while item >= 2 and not log.with_name("repaired").exists():
        time.sleep(0.1)
    return half(log, item)


def big(log: Path, item: int) -> str:
    """Item 2 has two megabytes."""
    half(log, item)
    return "x" * (2 * MEGABYTE if item == 2 else 1)


def main(folder: Path, how: str) -> None:
    """Run four items; an error is printed in one line."""
    # A shell starts programs in the background with interruptions ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    log, processes = folder / "log", 1 if how == "big" else 2
    if how == "big":
        resource.setrlimit(resource.RLIMIT_FSIZE, (MEGABYTE, MEGABYTE))
    part = {"big": big, "fatal": fatal, "half": half, "slow": slow}[how]
    try:
        with (
            Workers(processes).run(),
            ResumableRun(folder / "x.parts", IDENTITY) as run,
        ):
            results = run.each(range(4), partial(part, log))
    except ValueError as error:
        sys.exit(str(error))
    sys.stdout.write(f"\n{json.dumps([list(result) for result in results])}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
