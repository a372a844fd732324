"""The runner: what it says of every kind of program."""

import json
import math
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from paradigms.site.practice import runner

TESTS = dedent("""\
    from attempt import double
    from runner import check


    def test_one():
        check(double, [1.0], expected=[2.0])


    def test_two():
        check(double, [3.0, 4.0], expected=[6.0, 8.0])
    """)
RIGHT = "def double(x):\n    return [2 * v for v in x]\n"


def run(attempt: str, tests: str = TESTS) -> dict[str, object]:
    """The result, through JSON as a page reads it."""
    return json.loads(json.dumps(runner.run(attempt, tests)))


def test_a_right_program_passes():
    """All tests are counted, nothing is printed."""
    assert run(RIGHT) == {
        "status": "passed", "test": "", "case": "", "expected": "", "got": "",
        "message": "", "traceback": [], "passed": 2, "tests": 2, "output": "",
        "cut": False,
    }  # fmt: skip


def test_the_first_failing_case_is_named():
    """With its call, what was expected and what came out."""
    result = run("def double(x):\n    return [2 * x[0]] * len(x)\n")
    assert result["status"] == "failed"
    assert (result["test"], result["passed"], result["tests"]) == ("test_two", 1, 2)
    assert result["case"] == "double([3, 4])"
    assert (result["expected"], result["got"]) == ("[6, 8]", "[6, 6]")
    assert result["message"] == "double([3, 4]): expected [6, 8], got [6, 6]"
    assert runner.report(result) == (
        "double([3, 4])\n  expected [6, 8]\n  got      [6, 6]\n"
        "1 of 2 tests passed; not: two"
    )


def test_an_error_shows_the_lines_of_the_attempt_alone():
    """No line of the runner or of the tests."""
    result = run(
        "def half(v):\n    return v / 0\n\ndef double(x):\n    return half(x[0])"
    )
    assert result["got"] == "ZeroDivisionError: division by zero"
    assert result["traceback"] == [
        "line 5 in double: return half(x[0])",
        "line 2 in half: return v / 0",
    ]


@pytest.mark.parametrize(
    ("attempt", "message"),
    [
        ("def double(x:", "line 1 is not Python: '(' was never closed"),
        ("\0", "is not Python: source code string cannot contain null bytes"),
        ("x = 1", "your program defines no 'double'"),
        ("import nowhere", "your program stops before a test: ModuleNotFoundError"),
        ("import sys\nsys.exit(2)", "SystemExit: the program left by sys.exit"),
        ("def double(x):\n    exit()", "SystemExit: the program left by sys.exit"),
        ("def double(x):\n    return double(x)", "calls itself without end"),
        ("def double(x):\n    raise MemoryError", "there is no memory left"),
        ("def double(x):\n    return input()", "EOFError"),
        ("def double(x):\n    pass", "double([1]): expected [2], got None"),
        ("def double():\n    pass", "double([1]): expected [2], got TypeError"),
        ("def double(x):\n    x.append(0)\n    return [2.0]",
         "double([1]) on its argument: expected [1], got [1, 0]"),
        ("def double(x):\n    assert False, 'a: expected b, got c'",
         "double([1]): expected [2], got AssertionError: a: expected b, got c"),
    ],
)  # fmt: skip
def test_every_kind_of_failure_is_one_line(attempt, message):
    """Syntax, names, exits, recursion, memory, input, arguments."""
    result = run(attempt)
    assert result["status"] in ("error", "failed")
    assert message in result["message"]
    assert "\n" not in result["message"]


def test_output_is_text_and_cut():
    """HTML stays as it is printed; 100 MB take no more room than the limit."""
    result = run("print('<b>')\n" + RIGHT)
    assert (result["output"], result["cut"]) == ("<b>\n", False)
    loud = "for _ in range(1000):\n    print('x' * 100_000)\n" + RIGHT
    result = run(loud)
    assert (len(result["output"]), result["cut"]) == (runner.LONGEST_OUTPUT, True)
    assert result["status"] == "passed"
    assert "printed (cut)" in runner.report(result)
    assert run("import sys\nprint('e', file=sys.stderr)\n" + RIGHT)["output"] == "e\n"


def test_each_run_is_fresh_and_leaves_nothing():
    """No module, no stream, no name of an earlier attempt."""
    before = dict(sys.modules), sys.stdin, sys.stdout
    run("seen = 1\n" + RIGHT)
    assert run("print(seen)\n" + RIGHT)["status"] == "error"
    assert "attempt" not in sys.modules
    assert (sys.stdin, sys.stdout) == before[1:]


def test_a_plain_assertion_is_taken_apart():
    """Tests may assert without `check`, with the same form of message."""
    tests = "def test_a():\n    assert False, 'f(1): expected 2, got 3'\n"
    result = run("", tests)
    assert (result["case"], result["expected"], result["got"]) == ("f(1)", "2", "3")
    result = run("", "def test_a():\n    assert False, 'no'\n")
    assert (result["case"], result["message"]) == ("", "no")
    assert runner.report(result).startswith("no\n")


def test_a_long_value_is_shown_where_it_differs():
    """The index of the first difference stands after the call."""
    tests = (
        "from attempt import f\nfrom runner import check\n"
        "def test_a():\n    check(f, 99, expected=[[0] * 99] * 2)\n"
    )
    result = run("def f(n):\n    return [[0] * n, [0] * (n - 1) + [1]]", tests)
    assert result["message"] == "f(99)[1][98]: expected 0, got 1"
    result = run("def f(n):\n    return [0] * n", tests)
    assert len(result["message"]) < 400


@pytest.mark.parametrize(
    ("got", "expected", "equal"),
    [
        (1.0 + 1e-12, 1.0, True), (1.001, 1.0, False), (1, 1.0, True), (2.0, 2, True),
        (True, 1, False), (1, True, False), (True, True, True), ("a", "b", False),
        ((1, 2), [1, 2], True), ([1], [1, 2], False), (None, [1], False),
        ([[1], [2]], [[1], [3]], False), ({"a": 1}, {"a": 1.0}, True),
        ({"a": 1}, {"b": 1}, False), (math.nan, 1.0, False), (math.inf, math.inf, True),
        (-math.inf, math.inf, False), (10**20, 10**20 + 1, False), (None, None, True),
        (0.0, None, False), (1e-12, 0.0, True), ("1", 1, False),
    ],
)  # fmt: skip
def test_values_are_compared_as_a_reader_would(got, expected, equal):
    """Numbers within a tolerance, booleans as booleans, tuples like lists."""
    assert (runner.difference(got, expected, 1e-9) is None) == equal


def test_equal_texts_of_unequal_numbers_are_written_out():
    """Six digits would show no difference."""
    with pytest.raises(AssertionError) as error:
        runner.check(lambda: 0.12345678, expected=0.12345679, case="f()")
    assert str(error.value) == "f(): expected 0.12345679, got 0.12345678"


def test_an_error_may_be_expected():
    """Another error, or none, is a failure."""
    runner.check(int, "x", expected=ValueError)
    with pytest.raises(AssertionError, match=r"int\('1'\): expected ValueError, got 1"):
        runner.check(int, "1", expected=ValueError)
    with pytest.raises(AssertionError, match="expected KeyError, got ValueError"):
        runner.check(int, "x", expected=KeyError)


def test_torch_must_be_imported_for_tensors():
    """One line says what is missing."""
    result = runner.run(RIGHT, TESTS, tensors=True)
    assert result["message"] == "write `import torch` in your program"


def test_tensors_reach_the_attempt_and_lists_come_back():
    """Also in tuples; what is no list of numbers of one shape stays as it is."""
    attempt = (
        "import torch\n"
        "def f(x, y, word):\n"
        "    assert x.dtype == torch.double and y.dtype == torch.bool\n"
        "    assert type(word) is list\n"
        "    return x * 2, [helper(y)]\n"
        "def helper(y):\n"
        "    return ~y\n"
    )
    tests = (
        "from attempt import f\nfrom runner import check\n"
        "def test_a():\n"
        "    expected = ([2.0, 5.0], [[False]])\n"
        "    check(f, [1.0, 2.5], [True], [[1], []], expected=expected)\n"
    )
    result = runner.run(attempt, tests, tensors=True)
    assert result["status"] == "passed", result


def test_it_runs_as_a_program(tmp_path, capsys, monkeypatch):
    """Beside the files of a download, for a reader or as JSON."""
    (tmp_path / "attempt.py").write_text(RIGHT)
    (tmp_path / "test_task.py").write_text(TESTS)
    monkeypatch.chdir(tmp_path)
    assert runner.main([]) == 0
    assert capsys.readouterr().out == "All 2 tests passed.\n"
    (tmp_path / "wrong.py").write_text("def double(x):\n    return x\n")
    assert runner.main(["wrong.py", "test_task.py", "out.json"]) == 1
    assert json.loads((tmp_path / "out.json").read_text())["got"] == "[1]"


def test_it_needs_nothing_but_python():
    """The page loads this file alone."""
    text = Path(runner.__file__).read_text("utf8")
    names = {
        line.split()[1] for line in text.splitlines() if line.startswith("import ")
    }
    assert names <= sys.stdlib_module_names
    assert "paradigms" not in text
