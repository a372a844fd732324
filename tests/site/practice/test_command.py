"""`python -m paradigms practise`: files, hints, solution, limits and exit codes."""

import subprocess
import sys

import pytest

from paradigms.__main__ import main
from paradigms.site.content.whiteboard import tasks
from paradigms.site.practice import command, process

TASK = "top-k"


@pytest.fixture
def practise(tmp_path, monkeypatch, capsys):
    """Run the command in an empty folder; returns status, output and errors."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        status = main(["practise", *arguments])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


def test_without_a_name_all_tasks_are_listed(practise):
    """A line each: name, level, minutes, torch, title."""
    status, out, _ = practise()
    assert status == 0
    lines = out.splitlines()
    assert [line.split()[0] for line in lines] == list(tasks())
    assert sum(" torch " in line for line in lines) == sum(
        bool(task.torch_start) for task in tasks().values()
    )


def test_a_file_is_begun_tested_and_never_overwritten(practise, tmp_path):
    """First the task and its start, then the tests; 1 until they pass, then 0."""
    status, out, _ = practise(TASK)
    file = tmp_path / "top-k.py"
    assert status == 0
    assert "Return the distribution from which top-k sampling samples." in out
    assert file.read_text() == tasks()[TASK].start
    status, out, _ = practise(TASK)
    assert status == 1
    assert out.startswith("top_k([0, 1.09861, -5], 2)\n  expected [0.25, 0.75, 0]\n")
    assert "got      NotImplementedError" in out
    file.write_text(tasks()[TASK].solution)
    assert practise(TASK)[:2] == (0, "All 6 tests passed.\n")
    assert file.read_text() == tasks()[TASK].solution


def test_a_typical_mistake_is_named(practise, tmp_path):
    """After the case; a program with another result gets no such line."""
    practise(TASK)
    file = tmp_path / "top-k.py"
    for wrong in tasks()[TASK].wrong:
        file.write_text(wrong.text)
        out = practise(TASK)[1]
        assert out.endswith(f"A typical mistake with this result: {wrong.mistake}\n")
    file.write_text("def top_k(logits, k):\n    return []")
    assert "typical" not in practise(TASK)[1]


def test_another_file(practise, tmp_path):
    """`--file` names it; the folder must be there."""
    assert practise(TASK, "--file", "mine.py")[0] == 0
    assert (tmp_path / "mine.py").exists()
    status, _, err = practise(TASK, "--file", "no/mine.py")
    assert (status, err) == (1, "cannot write no/mine.py: No such file or directory\n")
    (tmp_path / "folder").mkdir()
    status, _, err = practise(TASK, "--file", "folder")
    assert (status, err) == (1, "cannot read folder: Is a directory\n")
    (tmp_path / "bytes.py").write_bytes(b"\xff\xfe")
    status, _, err = practise(TASK, "--file", "bytes.py")
    assert (status, err) == (1, "cannot read bytes.py: it is no text in UTF-8\n")


def test_hints_come_one_at_a_time(practise):
    """Each says how to get the next; another number is an error."""
    hints = tasks()[TASK].hints
    status, out, _ = practise(TASK, "--hint")
    assert (status, out) == (
        0, f"Hint 1 of {len(hints)}: {hints[0]}\nThe next one: --hint 2\n"
    )  # fmt: skip
    last = str(len(hints))
    assert practise(TASK, "--hint", last)[1] == f"Hint {last} of {last}: {hints[-1]}\n"
    status, _, err = practise(TASK, "--hint", "9")
    assert (status, err) == (1, f"--hint: top-k has hints 1 to {last}: 9\n")


def test_the_solution_comes_after_an_attempt(practise, tmp_path):
    """Spaces and comments are no attempt; a wrong program is one."""
    refusal = "the solution comes after an attempt: write one in top-k.py"
    status, out, err = practise(TASK, "--solution")
    assert (status, out) == (1, "")
    assert refusal in err
    file = tmp_path / "top-k.py"
    file.write_text("# mine\n\n" + tasks()[TASK].start)
    assert refusal in practise(TASK, "--solution")[2]
    file.write_text("def top_k(logits, k) return")
    status, out, _ = practise(TASK, "--solution")
    assert status == 0
    assert out.startswith(tasks()[TASK].solution)
    assert "# What interviewers look for:" in out


def test_an_unknown_task_is_one_line(practise):
    """With the nearest name."""
    status, _, err = practise("topk")
    assert (status, err) == (1, "no whiteboard task 'topk' (did you mean 'top-k'?)\n")


def test_a_task_in_torch(practise, tmp_path, monkeypatch):
    """Its own file, the same tests; without a variant, or without torch, one line."""
    assert practise("causal-mask", "--torch")[0] == 0
    file = tmp_path / "causal-mask-torch.py"
    assert file.read_text() == tasks()["causal-mask"].torch_start
    file.write_text(tasks()["causal-mask"].torch_solution)
    assert practise("causal-mask", "--torch")[:2] == (0, "All 4 tests passed.\n")
    status, _, err = practise("bpe-merge", "--torch")
    assert status == 1
    assert err.startswith("bpe-merge has no torch variant; with one are: causal-mask,")
    monkeypatch.setattr(command.importlib.util, "find_spec", lambda _: None)
    status, _, err = practise("causal-mask", "--torch")
    assert status == 1
    assert "install paradigms" in err


def test_wrong_usage_has_status_two():
    """As argparse has it."""
    words = [sys.executable, "-m", "paradigms", "practise", TASK, "--nonsense"]
    result = subprocess.run(words, capture_output=True, text=True, check=False)
    assert result.returncode == 2


@pytest.mark.parametrize(
    ("attempt", "message"),
    [
        ("while True:\n    pass", "stopped after 1 seconds: look for a loop"),
        ("try:\n    while True:\n        pass\nexcept BaseException:\n    pass",
         "stopped after 1 seconds: look for a loop"),
        ("import os\nos._exit(0)", "the program ended Python itself (exit code 0)"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)",
         "the program ended Python itself (signal 11): look for recursion"),
        ("import os\nwhile True:\n    os.write(1, b'x' * 2**20)",
         "stopped after 1 seconds"),
        ("import time\ntime.sleep(99)", "stopped after 1 seconds"),
    ],
)  # fmt: skip
def test_what_does_not_end_or_crashes_is_one_line(attempt, message):
    """The process is ended; nothing of it reaches the terminal."""
    result = process.run(attempt, "def test_a():\n    pass", seconds=1)
    assert result["status"] == "stopped"
    assert result["message"].startswith(message)
    assert "\n" not in result["message"]


@pytest.mark.skipif(sys.platform != "linux", reason="the limit holds on Linux")
def test_a_memory_bomb_is_one_line():
    """It gets no more than the limit."""
    bomb = "x = [0]\nwhile True:\n    x += x"
    result = process.run(bomb, "def test_a():\n    pass", megabytes=64)
    assert result["status"] == "error"
    assert result["message"].endswith("MemoryError: there is no memory left")
    fine = process.run("x = [0] * 10**6", "def test_a():\n    pass", megabytes=64)
    assert fine["status"] == "passed"
