"""`python -m paradigms practise`: a whiteboard task in a file of the reader's."""

import argparse
import ast
import importlib.util
from pathlib import Path

from paradigms.site.content.whiteboard import WhiteboardTask, task, tasks
from paradigms.site.practice import process, runner


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command `practise`."""
    command = commands.add_parser(
        "practise", help="whiteboard tasks: write a program, run its tests"
    )
    command.add_argument(
        "name", nargs="?", metavar="NAME", help="of a task; without it all are listed"
    )
    command.add_argument(
        "--file",
        type=Path,
        metavar="PATH",
        help="where your program is, or is begun; by default NAME.py in this folder",
    )
    command.add_argument(
        "--torch", action="store_true", help="write the program in PyTorch"
    )
    command.add_argument(
        "--hint",
        nargs="?",
        type=int,
        const=1,
        metavar="N",
        help="show a hint: the first, or the one with this number",
    )
    command.add_argument(
        "--solution", action="store_true", help="show the solution, after an attempt"
    )
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    """Returns the exit status: 1 if the program does not pass its tests."""
    if options.name is None:
        print(_list())
        return 0
    chosen = task(options.name)
    if options.hint is not None:
        print(_hint(chosen, options.hint))
        return 0
    start = _start(chosen, options.torch)
    ending = "-torch.py" if options.torch else ".py"
    path = options.file or Path(f"{chosen.name}{ending}")
    if options.solution:
        _check_attempt(path, start)
        print(chosen.torch_solution if options.torch else chosen.solution)
        print("# What interviewers look for:")
        print("\n".join(f"# * {line}" for line in chosen.look_for))
        return 0
    if _begin(path, start):
        print(f"{_ask(chosen)}\n\n{path}: written. Fill it in, then run this again.")
        return 0
    result = process.run(_text(path), chosen.tests, options.torch)
    print(runner.report(result))
    if mistake := _typical_mistake(chosen, result["message"]):
        print(f"A typical mistake with this result: {mistake}")
    return int(result["status"] != "passed")


def _typical_mistake(chosen: WhiteboardTask, message: str) -> str:
    """The mistake of the first wrong program that gets this message; else empty."""
    mistakes = (wrong.mistake for wrong in chosen.wrong if wrong.message == message)
    return next(mistakes, "")


def _list() -> str:
    """Every task in a line."""
    width = max(map(len, tasks()))
    lines = [
        f"{entry.name:{width}}  {entry.level:6}  {entry.minutes:2} min  "
        f"{'torch' if entry.torch_start else '     '}  {entry.title}"
        for entry in tasks().values()
    ]
    return "\n".join(lines)


def _hint(chosen: WhiteboardTask, number: int) -> str:
    """One hint. Errors: ValueError for a number that the task does not have."""
    count = len(chosen.hints)
    if not 1 <= number <= count:
        raise ValueError(f"--hint: {chosen.name} has hints 1 to {count}: {number}")
    text = f"Hint {number} of {count}: {chosen.hints[number - 1]}"
    return text if number == count else f"{text}\nThe next one: --hint {number + 1}"


def _start(chosen: WhiteboardTask, torch: bool) -> str:
    """The program to begin with. Errors: ValueError without a torch variant."""
    if not torch:
        return chosen.start
    if not chosen.torch_start:
        names = ", ".join(entry.name for entry in tasks().values() if entry.torch_start)
        raise ValueError(f"{chosen.name} has no torch variant; with one are: {names}")
    if importlib.util.find_spec("torch") is None:
        raise ModuleNotFoundError("No module named 'torch'")
    return chosen.torch_start


def _ask(chosen: WhiteboardTask) -> str:
    """What the interviewer asks, with the example."""
    title = f"{chosen.title} ({chosen.level}, {chosen.minutes} minutes)"
    return "\n\n".join([title, *chosen.statement, chosen.example.rstrip()])


def _begin(path: Path, text: str) -> bool:
    """Write a new file; False if it is there already. Errors: ValueError, one line."""
    try:
        with path.open("x", encoding="utf8") as file:
            file.write(text)
    except FileExistsError:
        return False
    except OSError as error:
        raise ValueError(f"cannot write {path}: {error.strerror}") from None
    return True


def _text(path: Path) -> str:
    """The text of a program. Errors: ValueError with one line."""
    try:
        return path.read_text("utf8")
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"cannot read {path}: it is no text in UTF-8") from None


def _check_attempt(path: Path, start: str) -> None:
    """Errors: ValueError if nothing has been tried yet."""
    if not path.exists() or _tree(_text(path)) == _tree(start):
        raise ValueError(
            f"the solution comes after an attempt: write one in {path}, "
            "or ask for a --hint"
        )


def _tree(text: str) -> str:
    """What a program means: spaces and comments do not count."""
    try:
        return ast.dump(ast.parse(text))
    except (SyntaxError, ValueError):
        return text
