"""Runs an attempt at a whiteboard task against the tests of the task.

It needs nothing but Python: the page runs this file in Pyodide, the terminal runs it in
a process of its own, a reader runs it beside the files of a download:
`python runner.py attempt.py test_task.py`.

The tests import the functions of the task from `attempt`, and `check` from `runner`.
"""

import contextlib
import copy
import io
import json
import math
import re
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

LONGEST_OUTPUT = 10_000  # characters that an attempt may print
LONGEST_VALUE = 160  # characters of a value in a message
DEEPEST_TRACEBACK = 8  # lines of a traceback: the last ones
_MESSAGE = re.compile(r"(.*?): expected (.*), got (.*)", re.S)


class WrongResultError(AssertionError):
    """A case whose result is wrong: the call, what was expected, what came out."""

    def __init__(self, case: str, expected: str, got: str) -> None:
        super().__init__(f"{case}: expected {expected}, got {got}")


def check(
    function: Callable[..., Any],
    *arguments: Any,
    expected: Any,
    tolerance: float = 1e-9,
    case: str = "",
    **options: Any,
) -> None:
    """Call a function and compare what it returns; numbers within the tolerance.

    Lists and dictionaries among the arguments must be as before.  `expected` may be an
    error class: then the call must raise it.  Errors: WrongResultError.
    """
    case = case or call(function, *arguments, **options)
    error = isinstance(expected, type) and issubclass(expected, BaseException)
    wanted = expected.__name__ if error else show(expected)
    before = _copies(arguments, options)
    try:
        got = function(*arguments, **options)
    except BaseException as problem:
        if error and isinstance(problem, expected):
            return
        raise WrongResultError(case, wanted, in_words(problem)) from problem
    if error:
        raise WrongResultError(case, wanted, show(got))
    if (place := difference(got, expected, tolerance)) is not None:
        raise mismatch_at(place, case, got, expected)
    for old, new in zip(before, [*arguments, *options.values()], strict=True):
        if old is not None and difference(new, old, 0.0) is not None:
            raise WrongResultError(f"{case} on its argument", show(old), show(new))


def _copies(arguments: tuple[Any, ...], options: dict[str, Any]) -> list[Any]:
    """A copy of each list and dictionary, None for other arguments."""
    values = [*arguments, *options.values()]
    return [
        copy.deepcopy(value) if isinstance(value, list | dict) else None
        for value in values
    ]


def call(function: Callable[..., Any], *arguments: Any, **options: Any) -> str:
    """A call as a reader writes it: `causal_mask(3, 3)`."""
    texts = [show(value) for value in arguments]
    texts += [f"{name}={show(value)}" for name, value in options.items()]
    return f"{getattr(function, '__name__', 'function')}({', '.join(texts)})"


def difference(got: Any, expected: Any, tolerance: float) -> tuple[Any, ...] | None:
    """Where two values differ: indices, () for the whole value, None if nowhere.

    A tuple equals a list with the same items; a boolean equals no other number.
    """
    if isinstance(expected, list | tuple):
        if not isinstance(got, list | tuple) or len(got) != len(expected):
            return ()
        pairs = list(enumerate(zip(got, expected, strict=True)))
        return _first_difference(pairs, tolerance)
    if isinstance(expected, dict):
        if not isinstance(got, dict) or got.keys() != expected.keys():
            return ()
        pairs = [(key, (got[key], expected[key])) for key in expected]
        return _first_difference(pairs, tolerance)
    return None if _equal(got, expected, tolerance) else ()


def _first_difference(
    pairs: list[tuple[Any, tuple[Any, Any]]], tolerance: float
) -> tuple[Any, ...] | None:
    for key, (got, expected) in pairs:
        place = difference(got, expected, tolerance)
        if place is not None:
            return (key, *place)
    return None


def _equal(got: Any, expected: Any, tolerance: float) -> bool:
    if isinstance(expected, bool) or not isinstance(expected, int | float):
        return type(got) is type(expected) and bool(got == expected)
    if isinstance(got, bool) or not isinstance(got, int | float):
        return False
    if math.isinf(expected) or (isinstance(got, int) and isinstance(expected, int)):
        return got == expected
    return math.isclose(got, expected, rel_tol=tolerance, abs_tol=tolerance)


def mismatch_at(
    place: tuple[Any, ...], case: str, got: Any, expected: Any
) -> WrongResultError:
    """The mismatch of two values; of long ones only where they first differ."""
    if max(len(show(got, None)), len(show(expected, None))) > LONGEST_VALUE:
        for key in place:
            case, got, expected = f"{case}[{key!r}]", got[key], expected[key]
    wanted, came = show(expected), show(got)
    if wanted == came:  # equal in six digits
        wanted, came = repr(expected), repr(got)
    return WrongResultError(case, wanted, came)


def show(value: Any, longest: int | None = LONGEST_VALUE) -> str:
    """A value in at most `longest` characters, numbers with six digits."""
    text = _text(value)
    if longest is None or len(text) <= longest:
        return text
    return f"{text[:longest]}…"


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        ends = "[]" if isinstance(value, list) else "()"
        inner = ", ".join(map(_text, value))
        comma = "," if isinstance(value, tuple) and len(value) == 1 else ""
        return f"{ends[0]}{inner}{comma}{ends[1]}"
    if isinstance(value, dict):
        items = (f"{_text(key)}: {_text(item)}" for key, item in value.items())
        return f"{{{', '.join(items)}}}"
    if callable(value):
        return getattr(value, "__name__", type(value).__name__)
    text = repr(value)
    return type(value).__name__ if " at 0x" in text else text


def in_words(error: BaseException) -> str:
    """An error in one line."""
    if isinstance(error, RecursionError):
        return "RecursionError: the function calls itself without end"
    if isinstance(error, SystemExit):
        return "SystemExit: the program left by sys.exit"
    if isinstance(error, ZeroDivisionError):  # versions of Python differ in the text
        return "ZeroDivisionError: division by zero"
    if isinstance(error, MemoryError):
        return "MemoryError: there is no memory left"
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def run(
    attempt: str, tests: str, tensors: bool = False, longest: int = LONGEST_OUTPUT
) -> dict[str, Any]:
    """Run the text of an attempt against that of the tests, up to the first failure.

    With `tensors` the attempt is written in PyTorch: lists of numbers reach its
    functions as tensors, and tensors come back as lists.
    Returns what JSON can hold: see `_result`.
    """
    printed = _Printed(longest)
    with (
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
        _no_input(),
        _modules() as module,
    ):
        result = _run(module, attempt, tests, tensors)
    return {**result, "output": printed.getvalue(), "cut": printed.cut}


def _run(
    module: types.ModuleType, attempt: str, tests: str, tensors: bool
) -> dict[str, Any]:
    try:
        exec(compile(attempt, "attempt.py", "exec"), module.__dict__)
    except BaseException as error:
        return _failure("error", attempt, error, _unusable(error))
    if tensors and not hasattr(module, "torch"):
        return _result("error", message="write `import torch` in your program")
    if tensors:
        sys.modules["attempt"] = _with_lists(module)
    scope: dict[str, Any] = {"__name__": "test_task"}
    try:
        exec(compile(tests, "test_task.py", "exec"), scope)
    except ImportError as error:
        name = str(error).removeprefix("cannot import name ").partition(" from ")[0]
        return _result("error", message=f"your program defines no {name}")
    functions = [scope[name] for name in scope if name.startswith("test_")]
    for number, function in enumerate(functions):
        counts = {"passed": number, "tests": len(functions)}
        try:
            function()
        except BaseException as error:
            message = str(error) if isinstance(error, AssertionError) else ""
            message = message or in_words(error)
            test = {"test": function.__name__, **counts}
            return {**_failure("failed", attempt, error, message), **test}
    return _result("passed", passed=len(functions), tests=len(functions))


def _result(status: str, **values: Any) -> dict[str, Any]:
    """What a run gives, as JSON can hold it.

    `status` is passed, failed (a test) or error (the program cannot be run); `test` is
    the name of the test that failed, `case` its call; `message` is all that in a line;
    `traceback` has the lines of the attempt alone; `output` is what it printed, `cut`
    whether some of that was left out; `passed` of `tests` went well.
    """
    empty = {"test": "", "case": "", "expected": "", "got": "", "message": ""}
    counts = {"passed": 0, "tests": 0}
    return {"status": status, **empty, "traceback": [], **counts, **values}


def _failure(
    status: str, attempt: str, error: BaseException, message: str
) -> dict[str, Any]:
    parts = {}
    if match := _MESSAGE.fullmatch(message):
        parts = dict(zip(("case", "expected", "got"), match.groups(), strict=True))
    lines = _traceback(attempt, error.__cause__ or error)
    return _result(status, message=message, traceback=lines, **parts)


def _unusable(error: BaseException) -> str:
    """Why a program cannot be run, in one line."""
    if isinstance(error, SyntaxError):
        line = f"line {error.lineno}" if error.lineno else "your program"
        return f"{line} is not Python: {error.msg}"
    return f"your program stops before a test: {in_words(error)}"


def _traceback(attempt: str, error: BaseException) -> list[str]:
    """The lines of the attempt through which an error came, the last ones."""
    source = attempt.splitlines()
    lines = []
    step = error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        if code.co_filename == "attempt.py":
            line = source[step.tb_lineno - 1].strip()
            name = "" if code.co_name == "<module>" else f" in {code.co_name}"
            lines.append(f"line {step.tb_lineno}{name}: {line}")
        step = step.tb_next
    return lines[-DEEPEST_TRACEBACK:]


def _with_lists(module: types.ModuleType) -> types.ModuleType:
    """A module whose functions take lists where those of an attempt take tensors."""
    outside = types.ModuleType("attempt")
    for name, value in vars(module).items():
        if isinstance(value, types.FunctionType):
            setattr(outside, name, _converted(value, module.torch))
    return outside


def _converted(function: Callable[..., Any], torch: Any) -> Callable[..., Any]:
    def converted(*arguments: Any, **options: Any) -> Any:
        inputs = [_to_tensor(value, torch) for value in arguments]
        keywords = {key: _to_tensor(value, torch) for key, value in options.items()}
        return _to_list(function(*inputs, **keywords))

    converted.__name__ = function.__name__
    return converted


def _to_tensor(value: Any, torch: Any) -> Any:
    """A list of numbers of one shape as a tensor, in double precision."""
    if not isinstance(value, list) or not value:
        return value
    try:
        tensor = torch.tensor(value)
    except (TypeError, ValueError):
        return value
    if tensor.is_floating_point():
        return torch.tensor(value, dtype=torch.double)
    return tensor


def _to_list(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return type(value)(map(_to_list, value))
    return value.tolist() if hasattr(value, "tolist") else value


class _Printed(io.StringIO):
    """Keeps what is printed, up to a limit."""

    def __init__(self, longest: int) -> None:
        super().__init__()
        self.room, self.cut = longest, False

    def write(self, text: str) -> int:
        """Keep the text as far as there is room."""
        self.cut = self.cut or len(text) > self.room
        super().write(text[: self.room])
        self.room -= min(len(text), self.room)
        return len(text)


@contextlib.contextmanager
def _no_input() -> Iterator[None]:
    """Let `input` fail at once instead of waiting for somebody."""
    before, sys.stdin = sys.stdin, io.StringIO()
    try:
        yield
    finally:
        sys.stdin = before


@contextlib.contextmanager
def _modules() -> Iterator[types.ModuleType]:
    """An empty module `attempt`, which tests import, and this file as `runner`."""
    attempt, runner = types.ModuleType("attempt"), types.ModuleType("runner")
    vars(runner).update(check=check, call=call, show=show)
    before = {name: sys.modules.get(name) for name in ("attempt", "runner")}
    sys.modules |= {"attempt": attempt, "runner": runner}
    try:
        yield attempt
    finally:
        for name, module in before.items():
            sys.modules.pop(name, None)
            if module is not None:
                sys.modules[name] = module


def report(result: dict[str, Any]) -> str:
    """A result as text for the terminal."""
    lines = []
    if result["output"]:
        cut = " (cut)" if result["cut"] else ""
        lines += [f"Your program printed{cut}:", result["output"].rstrip(), ""]
    if result["status"] == "passed":
        return "\n".join([*lines, f"All {result['tests']} tests passed."])
    if result["case"]:
        lines += [result["case"]]
        lines += [f"  expected {result['expected']}", f"  got      {result['got']}"]
    else:
        lines += [result["message"]]
    lines += [f"  {line}" for line in result["traceback"]]
    if result["test"]:
        name = result["test"].removeprefix("test_").replace("_", " ")
        lines += [f"{result['passed']} of {result['tests']} tests passed; not: {name}"]
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """`runner.py [ATTEMPT TESTS [RESULT.json [tensors]]]`; returns 0 if all passed.

    The result is printed for a reader, or written as JSON.
    """
    paths = arguments[:2] or ["attempt.py", "test_task.py"]
    texts = []
    for path in paths:
        with open(path, encoding="utf8") as file:
            texts.append(file.read())
    result = run(texts[0], texts[1], tensors="tensors" in arguments[3:])
    if len(arguments) > 2:
        with open(arguments[2], "w", encoding="utf8") as file:
            json.dump(result, file)
    else:
        print(report(result))
    return int(result["status"] != "passed")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
