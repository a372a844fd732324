"""The parts of an experiment: each is run once, and saved.

A run that was stopped resumes where it was: finished parts are in a file beside the
result, `NAME.parts`, until the result is written.
"""

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import torch
from accelerate import PartialState
from accelerate.utils import broadcast_object_list
from tqdm import tqdm

Item = TypeVar("Item")
PLACE = 0  # the bar's line: parallel runs have other lines
Each = Callable[[Iterable[Item], Callable[[Item], Any]], list[Any]]


def serial_map(items: Iterable[Item], part: Callable[[Item], Any]) -> list[Any]:
    """Every part in order, without a progress bar or a file."""
    return [part(item) for item in items]


class ResumableRun:
    """Finished parts of one run, as a context manager with an exclusive lock.

    `identity` is what a part depends on: parts of another identity are discarded.
    In a distributed run only the first process writes; all have the same parts.
    Errors: ValueError if another run holds the lock, or the folder cannot be written.
    """

    def __init__(self, path: Path, identity: dict[str, Any]) -> None:
        self.path, self.identity = path, identity
        self.done: dict[str, Any] = {}
        self.calls = 0
        self.seconds = 0.0  # of parts that an earlier run has finished
        self.processes = int(os.environ.get("WORLD_SIZE", "1"))
        self.leads = os.environ.get("RANK", "0") == "0"

    def __enter__(self) -> "ResumableRun":
        if self.leads:
            self._open()
        if self.processes > 1:
            PartialState(cpu=not torch.accelerator.is_available())
            (self.done,) = broadcast_object_list([self.done])
        return self

    def _open(self) -> None:
        try:
            self.file = self.path.open("a+", encoding="utf8")
        except OSError as error:
            raise ValueError(
                f"{self.path.parent} cannot be written ({error.strerror}): make it "
                "writable, or measure in a copy of the repository"
            ) from None
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.file.close()
            raise ValueError(
                f"{self.path.stem} is being measured by another run: wait for it, or "
                "stop it first"
            ) from None
        self._read()

    def __exit__(self, *error: object) -> None:
        """Delete the file after success; keep the finished parts otherwise."""
        if not self.leads:
            return
        if error[0] is None:
            self.path.unlink()
        self.file.close()

    def each(self, items: Iterable[Item], part: Callable[[Item], Any]) -> list[Any]:
        """`part` of every item, with a progress bar; finished items are not redone."""
        self.calls += 1
        results = []
        bar = tqdm(
            list(items),
            desc=f"{self.path.stem} {self.calls}",
            position=PLACE,
            leave=False,
            disable=not self.leads,
        )
        for place, item in enumerate(bar):
            key = f"{self.calls}/{place}"
            if key not in self.done:
                start = time.monotonic()
                result = part(item)
                seconds = time.monotonic() - start
                self._append({"part": key, "found": result, "seconds": seconds})
            # As JSON gives it after an interruption: lists, not tuples.
            results.append(self.done[key])
        return results

    def _append(self, line: dict[str, Any]) -> None:
        text = json.dumps(line, ensure_ascii=False)
        if self.leads:
            self.file.write(text + "\n")
            self.file.flush()
            os.fsync(self.file.fileno())
        if "part" in line:
            self.done[line["part"]] = json.loads(text)["found"]

    def _read(self) -> None:
        """Load the parts of a run of the same identity; drop a truncated last line."""
        self.file.seek(0)
        lines = []
        for text in self.file:
            try:
                lines.append(json.loads(text))
            except json.JSONDecodeError:
                break
        header = json.loads(json.dumps(self.identity))
        finished = lines[1:] if lines and lines[0] == header else []
        self.file.truncate(0)
        for line in [header, *finished]:
            self._append(line)
        self.seconds = sum(line["seconds"] for line in finished)
