"""Resumable runs: they continue after an interruption, and are exclusive."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from paradigms.experiments.runner.resume import ResumableRun, serial_map

IDENTITY = {"fingerprint": "abc", "config": {"seeds": (0, 1)}}


def halves(done: list, stop: int | None = None):
    """A function that records its items in `done`, and is interrupted at `stop`."""

    def part(item: int) -> dict:
        if item == stop:
            raise KeyboardInterrupt
        done.append(item)
        return {"half": item / 2}

    return part


def test_a_stopped_run_goes_on(tmp_path):
    """Finished items are not repeated, and results equal those of a single run."""
    path, first, second = tmp_path / "x.parts", [], []
    with pytest.raises(KeyboardInterrupt), ResumableRun(path, IDENTITY) as parts:
        serial_map(
            [([5, 6], None), (range(4), 2)],
            lambda call: parts.each(call[0], halves(first, call[1])),
        )
    assert first == [5, 6, 0, 1]
    assert path.exists()
    with ResumableRun(path, IDENTITY) as parts:
        results = (
            parts.each([5, 6], halves(second)),
            parts.each(range(4), halves(second)),
        )
        assert parts.seconds > 0
    assert second == [2, 3]
    assert results == (serial_map([5, 6], halves([])), serial_map(range(4), halves([])))
    assert not path.exists()


def test_parts_of_another_run_are_thrown_away(tmp_path):
    """Another fingerprint or configuration: all items are computed again."""
    path = tmp_path / "x.parts"
    with pytest.raises(KeyboardInterrupt), ResumableRun(path, IDENTITY) as parts:
        parts.each([0, 1], halves([], stop=1))
    items = []
    with ResumableRun(path, IDENTITY | {"fingerprint": "abd"}) as parts:
        parts.each([0, 1], halves(items))
    assert items == [0, 1]


def test_a_half_written_part_is_done_again(tmp_path):
    """A truncated last line is discarded, and its item computed again."""
    path, items = tmp_path / "x.parts", []
    with pytest.raises(KeyboardInterrupt), ResumableRun(path, IDENTITY) as parts:
        parts.each(range(3), halves([], stop=2))
    path.write_text(path.read_text()[:-9])
    with ResumableRun(path, IDENTITY) as parts:
        assert parts.each(range(3), halves(items)) == serial_map(range(3), halves([]))
    assert items == [1, 2]


def test_two_processes_take_over_the_same_parts(tmp_path):
    """Else one process would wait for the other in a part that it skips."""
    path = tmp_path / "x.parts"
    with pytest.raises(KeyboardInterrupt), ResumableRun(path, IDENTITY) as parts:
        parts.each(range(4), halves([], stop=2))
    launch = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2",
              "--standalone", "-m", __name__, str(path)]  # fmt: skip
    process = subprocess.run(
        launch, cwd=Path(__file__).parents[3], capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip
    lines = [line for line in process.stdout.splitlines() if line.startswith("[")]
    assert len(lines) == 2, process.stderr
    for items, results in map(json.loads, lines):
        assert items == [2, 3]
        assert results == serial_map(range(4), halves([]))
    assert not path.exists()


def test_a_second_run_at_once_is_refused(tmp_path):
    """If another process has the lock: one line, and its parts are unchanged."""
    path = tmp_path / "x.parts"
    other = (
        "import sys; from pathlib import Path\n"
        "from paradigms.experiments.runner.resume import ResumableRun\n"
        "try:\n"
        "    with ResumableRun(Path(sys.argv[1]), {}): pass\n"
        "except ValueError as error: print(error)\n"
    )
    with ResumableRun(path, IDENTITY) as parts:
        parts.each([1], halves([]))
        before = path.read_text()
        output = subprocess.run(
            [sys.executable, "-c", other, str(path)],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        assert path.read_text() == before
    assert output == (
        "x is being measured by another run: wait for it, or stop it first\n"
    )


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


def test_results_are_alike_with_and_without_a_file(tmp_path):
    """Tuples become lists in the first run too, not only after an interruption."""
    with ResumableRun(tmp_path / "x.parts", IDENTITY) as parts:
        assert parts.each([1], lambda item: (item, 2)) == [[1, 2]]
        assert json.dumps(parts.done) == '{"1/0": [1, 2]}'


if __name__ == "__main__":
    items = []
    with ResumableRun(Path(sys.argv[1]), IDENTITY) as parts:
        results = parts.each(range(4), halves(items))
    sys.stdout.write(f"\n{json.dumps([items, results])}\n")
