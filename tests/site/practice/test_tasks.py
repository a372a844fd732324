"""Whiteboard tasks: the tests of each pass the solution and find what is wrong."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from paradigms.site.content.whiteboard import FEWEST_WRONG, WhiteboardTask, tasks
from paradigms.site.practice import runner
from tests.mutants import mutants

# Mutants that are as right as the solution, and why.
EQUIVALENT = {
    "beam-search": 1,  # a beam of probability 0 is kept, and never wins
    "logistic-gradient": 1,  # at a score of 0 both branches of the sigmoid are equal
    "mask-80-10-10": 3,  # a limit belongs to the other side: a draw never hits it
    "naive-bayes": 1,  # a constant in every prior goes when it is normalised
    "rotary-positions": 1,  # the index i - D/2 counts from the end
}
MUTANT_SECONDS = 0.5


class TooSlowError(BaseException):
    """A mutant does not end; no program catches it by `except Exception`."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise TooSlowError in what takes longer."""

    def stop(*_) -> None:
        raise TooSlowError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def wrong_problems(task: WhiteboardTask) -> list[str]:
    """A line for each wrong program that passes, or gets another message."""
    problems = []
    for wrong in task.wrong:
        where = f"snippets/whiteboard/{task.name}/wrong/{wrong.name}.py"
        result = runner.run(wrong.text, task.tests)
        if result["status"] == "passed":
            problems.append(f"{where}: passes the tests; sharpen them")
        elif result["message"] != wrong.message:
            problems.append(f"{where}: gets another message: {result['message']}")
    return problems


def survives(text: str, tests: str) -> bool:
    """Whether a program passes, in time."""
    try:
        with limited(MUTANT_SECONDS):
            return runner.run(text, tests)["status"] == "passed"
    except TooSlowError:
        return False


@pytest.mark.parametrize("name", tasks())
def test_the_solution_passes_and_the_start_does_not(name):
    """The first has a case for every test; the second says what is missing."""
    task = tasks()[name]
    result = runner.run(task.solution, task.tests)
    assert result["status"] == "passed", runner.report(result)
    assert result["passed"] == result["tests"] >= 4
    result = runner.run(task.start, task.tests)
    assert "NotImplementedError" in result["message"]


@pytest.mark.parametrize("name", tasks())
def test_each_wrong_program_gets_its_message(name):
    """At least three a task, each with another mistake, most with other messages."""
    task = tasks()[name]
    assert wrong_problems(task) == []
    assert len({wrong.mistake for wrong in task.wrong}) == len(task.wrong)
    assert len({wrong.message for wrong in task.wrong}) >= FEWEST_WRONG
    assert all(": expected " in wrong.message for wrong in task.wrong)


@pytest.mark.parametrize("name", tasks())
def test_wrong_programs_are_wrong_in_one_way(name):
    """They define what the start defines, so that the tests reach the mistake."""
    task = tasks()[name]
    for wrong in task.wrong:
        result = runner.run(wrong.text, task.tests)
        assert result["status"] == "failed", wrong.name
        assert result["case"], wrong.name


@pytest.mark.parametrize("name", tasks())
def test_every_mutant_of_the_solution_is_found(name):
    """One operator, number, element or statement is changed; equivalents are named."""
    task = tasks()[name]
    changed = mutants(task.solution)
    assert len(changed) >= 5
    survivors = [text for text in changed if survives(text, task.tests)]
    assert len(survivors) == EQUIVALENT.get(name, 0), "\n\n".join(survivors)


def test_nearly_all_mutants_of_all_tasks_die():
    """The named survivors are less than 5% of all."""
    count = sum(len(mutants(task.solution)) for task in tasks().values())
    assert sum(EQUIVALENT.values()) < 0.05 * count


TORCH = [name for name, task in tasks().items() if task.torch_start]


@pytest.mark.parametrize("name", TORCH)
def test_the_solution_in_torch_passes_the_same_tests(name):
    """Lists become tensors and come back; the start in torch fails."""
    task = tasks()[name]
    result = runner.run(task.torch_solution, task.tests, tensors=True)
    assert result["status"] == "passed", runner.report(result)
    result = runner.run(task.torch_start, task.tests, tensors=True)
    assert "NotImplementedError" in result["message"]


def test_there_are_tasks_enough():
    """At least 24, on every level, ten of them in torch too."""
    assert len(tasks()) >= 24
    assert {task.level for task in tasks().values()} == {"junior", "mid", "senior"}
    assert len(TORCH) >= 10


def test_a_wrong_program_that_passes_or_fails_otherwise_is_named():
    """Negative control: both kinds, each in a line."""
    task = tasks()["top-k"]
    first, *others = task.wrong
    passes = replace(first, text=task.solution)
    other = replace(first, message="top_k([], 1): expected [], got [1]")
    lines = wrong_problems(replace(task, wrong=(passes, other, *others)))
    where = f"snippets/whiteboard/top-k/wrong/{first.name}.py"
    assert lines[0] == f"{where}: passes the tests; sharpen them"
    assert lines[1] == f"{where}: gets another message: {first.message}"
    assert len(lines) == 2


def test_a_mutant_without_end_is_stopped():
    """Negative control of the clock above."""
    assert not survives("while True:\n    pass", "def test_a():\n    pass")
