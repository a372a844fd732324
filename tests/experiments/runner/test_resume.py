"""Resumable runs: they continue after an interruption, and are exclusive."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from paradigms.experiments.runner import resume
from paradigms.experiments.runner.resume import (
    ResumableRun,
    results_by_item,
    serial_map,
)
from tests.experiments.runner.parts import IDENTITY, half

ROOT = Path(__file__).parents[3]


def items_of(log: Path) -> list[int]:
    """The items that were run, in order."""
    return sorted(map(int, log.read_text().split())) if log.exists() else []


def program(*arguments: str | Path) -> subprocess.Popen[str]:
    """`parts.py` in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.experiments.runner.parts", *arguments],
        cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip


def interrupted(log: Path, stop: int, item: int) -> dict:
    """A part that is interrupted at an item."""
    if item == stop:
        raise KeyboardInterrupt
    return half(log, item)


def test_a_stopped_run_goes_on(tmp_path):
    """Finished items are not repeated, and results equal those of a single run."""
    folder, log = tmp_path / "x.parts", tmp_path / "log"
    part = partial(half, log)
    with suppress(KeyboardInterrupt), ResumableRun(folder, IDENTITY) as run:
        run.each([5, 6], part)
        run.each(range(4), partial(interrupted, log, 2))
    assert items_of(log) == [0, 1, 5, 6]
    log.unlink()
    with ResumableRun(folder, IDENTITY) as run:
        results = run.each([5, 6], part), run.each(range(4), part)
    assert items_of(log) == [2, 3]
    assert results == (serial_map([5, 6], part), serial_map(range(4), part))
    assert not folder.exists()


def test_the_seconds_of_an_earlier_run_count(tmp_path, monkeypatch):
    """As if one process had run every part, by a clock that only parts advance."""
    folder, clock = tmp_path / "x.parts", SimpleNamespace(now=0.0)
    monkeypatch.setattr(resume, "time", SimpleNamespace(monotonic=lambda: clock.now))

    def part(seconds):
        clock.now += seconds
        return seconds

    with suppress(KeyboardInterrupt), ResumableRun(folder, IDENTITY) as run:
        run.each([3, 5], part)
        raise KeyboardInterrupt
    assert run.seconds == 0  # the parts took the time that `each` waited for them
    with ResumableRun(folder, IDENTITY) as run:
        run.each([3, 5], part)
        assert run.seconds == 8
    assert clock.now == 8


@pytest.mark.parametrize("key", IDENTITY)
def test_parts_of_another_run_are_not_used(tmp_path, key):
    """Another fingerprint or configuration: all items are computed again."""
    folder, log = tmp_path / "x.parts", tmp_path / "log"
    with pytest.raises(KeyboardInterrupt), ResumableRun(folder, IDENTITY) as run:
        run.each([0, 1], partial(interrupted, log, 1))
    with ResumableRun(folder, IDENTITY | {key: "another"}) as run:
        run.each([0, 1], partial(half, log))
    assert items_of(log) == [0, 0, 1]


def test_a_damaged_part_is_done_again(tmp_path):
    """As a crash of the machine may leave it."""
    folder, log = tmp_path / "x.parts", tmp_path / "log"
    with pytest.raises(KeyboardInterrupt), ResumableRun(folder, IDENTITY) as run:
        run.each(range(3), partial(interrupted, log, 1))
    (file,) = folder.rglob("output.pkl")
    file.write_bytes(file.read_bytes()[:-9])
    with ResumableRun(folder, IDENTITY) as run:
        results = run.each(range(3), partial(half, log))
    assert items_of(log) == [0, 0, 1, 2]
    assert results == serial_map(range(3), partial(half, log))


def test_two_processes_of_torchrun_run_the_same_parts(tmp_path):
    """Else one would wait for the other in a part that it skips."""
    process = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2",
         "--standalone", "-m", "tests.experiments.runner.parts", tmp_path, "half"],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert process.stdout.count("[[0], [1], [2], [3]]\n") == 2, process.stderr
    assert items_of(tmp_path / "log") == [0, 0, 1, 1, 2, 2, 3, 3]
    assert not (tmp_path / "x.parts").exists()


def test_a_second_run_at_once_is_refused(tmp_path):
    """If another process has the lock: one line, and its parts are unchanged."""
    folder = tmp_path / "x.parts"
    with ResumableRun(folder, IDENTITY) as run:
        run.each([1], partial(half, tmp_path / "log"))
        before = sorted(folder.rglob("*"))
        process = program(tmp_path, "half")
        assert process.communicate()[1] == (
            "x is being measured by another run: wait for it, or stop it first\n"
        )
        assert sorted(folder.rglob("*")) == before
    assert process.returncode == 1
    assert items_of(tmp_path / "log") == [1]


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    """A file in place of the folder, since root may write everywhere."""
    (tmp_path / "results").write_text("")
    with (
        pytest.raises(
            ValueError, match=r"results cannot be written \(Not a directory\)"
        ),
        ResumableRun(tmp_path / "results" / "x.parts", IDENTITY),
    ):
        pass


def resumed(folder: Path, log: Path) -> list[int]:
    """The items that a second run has to do, which must give every result."""
    log.unlink()
    log.with_name("repaired").touch()
    with ResumableRun(folder, IDENTITY) as run:
        results = run.each(range(4), partial(half, log))
    items = items_of(log)
    expected = serial_map(range(4), partial(half, log))
    assert [results[item] for item in items] == [expected[item] for item in items]
    return items


def test_a_worker_that_dies_keeps_what_was_finished(tmp_path):
    """One line says what to do; only the unfinished parts are done again."""
    process = program(tmp_path, "fatal")
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 1
    assert errors.count("\n") == 1, errors
    assert "a worker process ended in the middle of a part of x" in errors
    assert "measure again" in errors
    finished = items_of(tmp_path / "log")
    assert finished[:2] == [0, 1]
    unfinished = resumed(tmp_path / "x.parts", tmp_path / "log")
    assert 2 in unfinished
    assert not {0, 1} & set(unfinished)


def test_an_interruption_keeps_what_was_finished(tmp_path):
    """Ctrl-C in a terminal reaches every process."""
    process = program(tmp_path, "slow")
    deadline = time.monotonic() + 120
    while len(list((tmp_path / "x.parts").rglob("output.pkl"))) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode != 0
    assert resumed(tmp_path / "x.parts", tmp_path / "log") == [2, 3]


def test_a_full_disk_keeps_what_was_finished(tmp_path):
    """A part that is larger than a file may be: one line, and the others stay."""
    process = program(tmp_path, "big")
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 1
    assert errors.count("\n") == 1, errors
    assert "a part of x cannot be kept in" in errors
    assert "File too large" in errors
    assert "free the disk if it is full, then measure again" in errors
    assert resumed(tmp_path / "x.parts", tmp_path / "log") == [2, 3]


RECORD = """
import resource, sys
from pathlib import Path
from paradigms.__main__ import main
from paradigms.experiments.runner import run
run.FOLDER = Path(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
sys.exit(main(["measure", "targets_per_pass"]))
"""


def test_a_full_disk_keeps_the_old_record(tmp_path):
    """The record is larger than a file may be: one line, and nothing else is left."""
    record = tmp_path / "targets_per_pass.json"
    record.write_text("the old result")
    process = subprocess.run(
        [sys.executable, "-c", RECORD, tmp_path],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert process.returncode == 1
    assert process.stderr.count("\n") == 1, process.stderr
    assert f"{tmp_path} cannot be written (File too large)" in process.stderr
    assert record.read_text() == "the old result"
    assert {path.name for path in tmp_path.iterdir()} == {
        record.name, "targets_per_pass.parts"
    }  # fmt: skip


def test_results_come_back_as_they_are(tmp_path):
    """Tuples stay tuples and integers keys, in this run and when they are read."""
    folder = tmp_path / "x.parts"
    with suppress(KeyboardInterrupt), ResumableRun(folder, IDENTITY) as run:
        first = run.each([1], partial(half, tmp_path / "log"))
        raise KeyboardInterrupt
    with ResumableRun(folder, IDENTITY) as run:
        second = run.each([1], partial(half, tmp_path / "log"))
    assert first == second
    assert isinstance(second[0][1], tuple)


def test_results_are_looked_up_by_item():
    """Items of an iterator, which can be read only once, are the keys in order."""
    results = results_by_item(serial_map, iter((4, 2)), lambda item: item / 2)
    assert list(results.items()) == [(4, 2.0), (2, 1.0)]
