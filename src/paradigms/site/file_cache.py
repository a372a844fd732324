"""A cache that forgets a value once a file that it was computed from changes.

`mkdocs serve` keeps the package loaded between edits, and a page is shown sooner if
only what was read from the edited file is read again. Which those are is observed:
Python reports each file that it opens (PEP 578).
"""

import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import update_wrapper
from typing import Any, Generic, ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Value = TypeVar("Value")


@dataclass(slots=True)
class Reads:
    """What was read while something was computed.

    `files` are all files. Those that were read by a function which is cached by value
    are not in `direct`: `calls` has the module and name of the function instead.
    """

    files: set[str] = field(default_factory=set)
    direct: set[str] = field(default_factory=set)
    calls: set[tuple[str, str]] = field(default_factory=set)

    def add(self, other: "Reads") -> None:
        """Add what was read for a part of it."""
        self.files |= other.files
        self.direct |= other.direct
        self.calls |= other.calls


class _Thread(threading.local):
    """The reads of each value that this thread is computing, the outermost first."""

    def __init__(self) -> None:
        self.reads: list[Reads] = []


_caches: list["FileCache[..., Any]"] = []
_shared_reads: dict[tuple[frozenset[Any], ...], Reads] = {}  # by what they hold
_thread = _Thread()
_observing = False


class FileCache(Generic[Arguments, Value]):
    """A function whose values are kept for each choice of arguments."""

    def __init__(self, function: Callable[Arguments, Value], *, by_value: bool) -> None:
        self._function = function
        self._by_value = by_value
        self._values: dict[Any, tuple[Value, Reads]] = {}
        update_wrapper(self, function)

    def __call__(self, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Value:
        key = (args, *kwargs.items()) if kwargs else args
        if key not in self._values:
            reads = Reads()
            _thread.reads.append(reads)
            try:
                value = self._function(*args, **kwargs)
                self._values[key] = value, _shared(reads)
            finally:
                _thread.reads.pop()
                if _thread.reads and key not in self._values:
                    _thread.reads[-1].add(
                        reads
                    )  # a handler of the error depends on them
        value, reads = self._values[key]
        if _thread.reads:
            _thread.reads[-1].add(self._seen_from_outside(reads))
        return value

    def _seen_from_outside(self, reads: Reads) -> Reads:
        if not self._by_value:
            return reads
        return Reads(
            files=reads.files, calls={(self.__module__, self._function.__name__)}
        )

    def cache_clear(self) -> None:
        """Forget all values."""
        self._values.clear()

    def forget(self, files: set[str]) -> None:
        """Forget the values that were computed from one of the files."""
        stale = [key for key, (_, used) in self._values.items() if used.files & files]
        for key in stale:
            del self._values[key]


def _shared(reads: Reads) -> Reads:
    """The first equal one: thousands of values were computed from the same files."""
    key = frozenset(reads.files), frozenset(reads.direct), frozenset(reads.calls)
    return _shared_reads.setdefault(key, reads)


def cache(function: Callable[Arguments, Value]) -> FileCache[Arguments, Value]:
    """`functools.cache` for a function that reads files, or calls one that does."""
    return _register(FileCache(function, by_value=False))


def cache_by_value(function: Callable[[], Value]) -> FileCache[[], Value]:
    """The same; what is made from the value is still right while the value is equal.

    For a small part of many files, such as all titles. Values are compared by `repr`.
    """
    return _register(FileCache(function, by_value=True))


def _register(cached: FileCache[Arguments, Value]) -> FileCache[Arguments, Value]:
    _caches.append(cached)
    return cached


def forget(files: Iterable[str | os.PathLike[str]]) -> None:
    """Forget every value that was computed from one of the files."""
    changed = {os.path.abspath(file) for file in files}
    for cached in _caches:
        cached.forget(changed)


def drop() -> None:
    """Drop all cached functions: their modules are loaded again."""
    _caches.clear()
    _shared_reads.clear()


@contextmanager
def reads_of_block() -> Iterator[Reads]:
    """What is read in a block, by cached functions too. Call `observe` before."""
    reads = Reads()
    _thread.reads.append(reads)
    try:
        yield reads
    finally:
        _thread.reads.pop()


def observe() -> None:
    """Note from now on which files are opened; Python cannot end this.

    Values that were computed before are dropped, since their files are unknown.
    """
    global _observing  # noqa: PLW0603 - one hook for the process
    if not _observing:
        _observing = True
        sys.addaudithook(_note)
        for cached in _caches:
            cached.cache_clear()


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and _thread.reads and isinstance(arguments[0], str | bytes):
        path = os.path.abspath(os.fsdecode(arguments[0]))
        _thread.reads[-1].files.add(path)
        _thread.reads[-1].direct.add(path)
