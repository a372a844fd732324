"""The parts of an experiment: each is run once, and kept until the record is written.

joblib runs them, in this process or in others: see `runner/workers`.  A run that was
stopped resumes where it was: finished parts are beside the result, in `NAME.parts`.
"""

import os
import shutil
import time
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

import torch
from filelock import FileLock, Timeout
from joblib import Memory, Parallel, delayed
from joblib.memory import CacheWarning
from tqdm import tqdm

from paradigms._files import DISK_FULL

Item = TypeVar("Item")
Part = TypeVar("Part")


class Each(Protocol):
    """Calls a function for every item; the results are in the order of the items."""

    def __call__(
        self, items: Iterable[Item], part: Callable[[Item], Part]
    ) -> list[Part]: ...


def serial_map(items: Iterable[Item], part: Callable[[Item], Part]) -> list[Part]:
    """Every part in order, without a progress bar or a file."""
    return [part(item) for item in items]


def results_by_item(
    each: Each, items: Iterable[Item], part: Callable[[Item], Part]
) -> dict[Item, Part]:
    """The result of `part` for every item, by item."""
    keys = list(items)
    return dict(zip(keys, each(keys, part), strict=True))


def under_torchrun() -> bool:
    """Whether this is one of the processes that torchrun started for one run."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


class ResumableRun:
    """Finished parts of one run, as a context manager with an exclusive lock.

    `folder` holds them; `identity` is what a part depends on: parts of another identity
    are not used.  In a distributed run every process runs every part, and keeps none.
    Errors: ValueError if another run holds the lock, the folder cannot be written, or
    a worker process ends in the middle of a part.
    """

    def __init__(self, folder: Path, identity: dict[str, Any]) -> None:
        self.folder, self.identity = folder, identity
        self.calls = 0
        self.seconds = 0.0  # of all parts, less the time that `each` took
        self.leads = os.environ.get("RANK", "0") == "0"
        self.lock = FileLock(folder / "lock")

    def __enter__(self) -> "ResumableRun":
        if self.leads:
            self._acquire()
        if (
            not under_torchrun()
        ):  # Memory would create the folder that the leader removes
            memory = Memory(self.folder, verbose=0)
            self.cache = memory.cache(_result, ignore=["compute"])
        return self

    def _acquire(self) -> None:
        try:
            self.folder.mkdir(exist_ok=True)
            self.lock.acquire(timeout=0)
        except Timeout:
            raise ValueError(
                f"{self.folder.stem} is being measured by another run: wait for it, or "
                "stop it first"
            ) from None
        except OSError as error:
            raise not_writable(self.folder.parent, error.strerror) from None

    def __exit__(self, *error: object) -> None:
        """Delete the parts after success; keep them otherwise."""
        if self.leads:
            if error[0] is None:
                shutil.rmtree(self.folder)
            self.lock.release()

    def each(self, items: Iterable[Item], part: Callable[[Item], Part]) -> list[Part]:
        """`part` of every item, with a progress bar; finished items are not redone."""
        if under_torchrun():
            return serial_map(items, part)
        try:
            return self._each(list(items), part)
        except OSError as error:
            if error.errno not in DISK_FULL:
                raise
            raise not_writable(self.folder.parent, error.strerror) from None

    def _each(self, items: list[Item], part: Callable[[Item], Part]) -> list[Part]:
        start = time.monotonic()
        self.calls += 1
        places = range(len(items))
        missing = [place for place in places if not self._is_stored(place)]
        for place, result in tqdm(
            self._run([(place, items[place]) for place in missing], part),
            desc=f"{self.folder.stem} {self.calls}",
            initial=len(items) - len(missing),
            total=len(items),
            leave=False,
            disable=None,  # without a terminal
        ):
            self._store(place, result)
        results_with_seconds = [
            self._load(place, partial(_run_part, part, items[place]))
            for place in places
        ]
        waited = time.monotonic() - start
        self.seconds += sum(seconds for seconds, _ in results_with_seconds) - waited
        return [result for _, result in results_with_seconds]

    def _run(
        self, items: list[tuple[int, Item]], part: Callable[[Item], Part]
    ) -> Iterable[tuple[int, tuple[float, Part]]]:
        """Place, seconds and result of each item, in the order in which they finish."""
        parallel = Parallel(batch_size=1, return_as="generator_unordered")
        try:
            yield from parallel(
                delayed(_run_at)(place, part, item) for place, item in items
            )
        except BrokenProcessPool:
            raise worker_lost(self.folder.stem) from None

    def _is_stored(self, place: int) -> bool:
        return bool(
            self.cache.check_call_in_cache(self.identity, self.calls, place, None)
        )

    def _load(self, place: int, compute: Callable[[], Any]) -> Any:
        return self.cache(self.identity, self.calls, place, compute)

    def _store(self, place: int, result: Any) -> None:
        with warnings.catch_warnings():
            # joblib would go on without what it cannot write.
            warnings.simplefilter("error", CacheWarning)
            try:
                self._load(place, lambda: result)
            except (CacheWarning, OSError) as error:
                raise ValueError(
                    f"a part of {self.folder.stem} cannot be kept in {self.folder} "
                    f"({error}): free the disk if it is full, then measure again; "
                    "finished parts are not redone"
                ) from None


def not_writable(folder: Path, reason: str | None) -> ValueError:
    """The error for a folder of records that cannot be written."""
    return ValueError(
        f"{folder} cannot be written ({reason}): make it writable, or measure in a "
        "copy of the repository"
    )


def worker_lost(name: str) -> ValueError:
    """The error for a process that ended without a result."""
    return ValueError(
        f"a worker process ended in the middle of a part of {name}, perhaps for want "
        "of memory: measure again, with fewer PROCESSES if it is memory; finished "
        "parts are not redone"
    )


def _result(
    _identity: dict[str, Any], _call: int, _place: int, compute: Callable[[], Any]
) -> Any:
    """What `compute` gives: joblib keeps it by the other arguments."""
    return compute()


def _run_at(
    place: int, part: Callable[[Item], Part], item: Item
) -> tuple[int, tuple[float, Part]]:
    return place, _run_part(part, item)


def _run_part(part: Callable[[Item], Part], item: Item) -> tuple[float, Part]:
    """Seconds and result of a part on one thread: sums have one order everywhere."""
    torch.set_num_threads(1)
    start = time.monotonic()
    result = part(item)
    return time.monotonic() - start, result
