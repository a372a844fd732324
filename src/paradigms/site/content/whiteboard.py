"""Whiteboard tasks: a folder each below `snippets/whiteboard/`, loaded and checked.

`task.toml` holds the text of a task, its hints and what it belongs to. The other files
are programs: where a reader starts, the solution, the tests, and wrong programs with
the message that each must get.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from paradigms._schema import ContentError, Entry, FileError, meant, raise_findings
from paradigms.site.content.evidence import unknown_names
from paradigms.site.content.files import read_text, source_files
from paradigms.site.content.pages import fences, ids_by_page, pages
from paradigms.site.content.questions import Level, check_python, check_topic, questions
from paradigms.site.content.toml import FOLDER, entry
from paradigms.site.file_cache import cache, cache_by_value

TASKS = FOLDER / "whiteboard"
PROGRAMS = ("start.py", "solution.py", "test_task.py")
FEWEST_WRONG = 3
_WRONG = re.compile(r"# Mistake: (.+)\n# Message: (.+)\n")


class _TaskText(Entry):
    """What `task.toml` says; `read` names pages, `questions` entries of the bank.

    A blank line separates the paragraphs of `statement`.
    """

    title: str = Field(min_length=5, max_length=60)
    level: Level
    topic: Annotated[str, AfterValidator(check_topic)]
    minutes: int = Field(ge=3, le=45)
    questions: list[str] = Field(min_length=1)
    read: list[str] = Field(min_length=1)
    statement: str = Field(min_length=1)
    example: Annotated[str, Field(min_length=1), AfterValidator(check_python)]
    hints: list[str] = Field(min_length=2)
    look_for: list[str] = Field(min_length=2)


@dataclass(frozen=True)
class WrongProgram:
    """A typical wrong program: its mistake, and the message that it must get."""

    name: str
    mistake: str
    message: str
    text: str


@dataclass(frozen=True)
class WhiteboardTask:
    """A task as an interviewer sets it, with programs as text.

    The paragraphs of `statement`, the lines of `hints` and of `look_for` are Markdown.
    The torch programs are empty where there is no variant.
    """

    name: str
    title: str
    level: str
    topic: str
    minutes: int
    questions: tuple[str, ...]
    read: tuple[str, ...]
    statement: tuple[str, ...]
    example: str
    hints: tuple[str, ...]
    look_for: tuple[str, ...]
    start: str
    solution: str
    tests: str
    wrong: tuple[WrongProgram, ...]
    torch_start: str = ""
    torch_solution: str = ""


@cache
def tasks() -> dict[str, WhiteboardTask]:
    """Every task by its name. Errors: ContentError with every finding."""
    folders = sorted(path for path in TASKS.glob("*") if path.is_dir())
    if not folders:
        raise ContentError("snippets/whiteboard: no tasks; restore them from git")
    problems: list[str] = []
    by_name = {}
    for folder in folders:
        try:
            by_name[folder.name] = load(folder)
        except ContentError as error:
            problems.append(str(error))
    raise_findings(problems)
    return by_name


def task(name: str) -> WhiteboardTask:
    """The task with this name. Errors: ContentError with the nearest one."""
    if name not in tasks():
        raise ContentError(f"no whiteboard task {name!r}{meant(name, tasks())}")
    return tasks()[name]


@cache_by_value
def task_places() -> dict[str, str]:
    """The page and anchor of each task: `practice/whiteboard.md#top-k`.

    Errors: ContentError for a task that stands on no page, and for an unknown one that
    does: the quiz asks for places before the page of the tasks is read.
    """
    places = {key: f"{page}#{key}" for key, page in ids_by_page("whiteboard")}
    unknown = [
        f"docs/{places[name].partition('#')[0]}: no whiteboard task {name!r}"
        f"{meant(name, tasks())}"
        for name in places
        if name not in tasks()
    ]
    unplaced = [
        f"snippets/whiteboard/{name}: stands on no page; add a whiteboard fence"
        for name in tasks()
        if fences("whiteboard") and name not in places
    ]
    raise_findings(unknown + unplaced)
    return places


def load(folder: Path) -> WhiteboardTask:
    """A task from its folder. Errors: ContentError with every finding, a line each."""
    where = f"snippets/whiteboard/{folder.name}"
    problems: list[str] = []
    text = _task_text(folder, problems)
    programs = {
        name: _program(folder, name, where, problems)
        for name in PROGRAMS + tuple(sorted(p.name for p in folder.glob("torch_*.py")))
    }
    wrong = tuple(_wrong_programs(folder, where, problems))
    raise_findings(problems)
    assert text is not None  # else there was a problem
    return WhiteboardTask(
        name=folder.name,
        title=text.title,
        level=text.level,
        topic=text.topic,
        minutes=text.minutes,
        questions=tuple(text.questions),
        read=tuple(text.read),
        statement=tuple(text.statement.strip().split("\n\n")),
        example=text.example,
        hints=tuple(text.hints),
        look_for=tuple(text.look_for),
        start=programs["start.py"],
        solution=programs["solution.py"],
        tests=programs["test_task.py"],
        wrong=wrong,
        torch_start=programs.get("torch_start.py", ""),
        torch_solution=programs.get("torch_solution.py", ""),
    )


def _task_text(folder: Path, problems: list[str]) -> _TaskText | None:
    where = f"snippets/whiteboard/{folder.name}/task.toml"
    try:
        text = entry(_TaskText, folder / "task.toml")
    except ContentError as error:
        problems.append(str(error))
        return None
    findings = unknown_names("question", text.questions, questions())
    findings += unknown_names("page", text.read, pages())
    problems += [f"{where}: {finding}" for finding in findings]
    return text


def _read(folder: Path, name: str, problems: list[str]) -> str:
    """The text of a file; a missing one is a problem."""
    try:
        return read_text(folder / name)
    except FileError as error:
        problems.append(str(error))
    return ""


def _program(folder: Path, name: str, where: str, problems: list[str]) -> str:
    text = _read(folder, name, problems)
    try:
        check_python(text)
    except ValueError as error:
        problems.append(f"{where}/{name}: {error}")
    return text


def _wrong_programs(
    folder: Path, where: str, problems: list[str]
) -> list[WrongProgram]:
    programs = []
    files = source_files(folder / "wrong", "*.py")
    if len(files) < FEWEST_WRONG:
        problems.append(f"{where}/wrong: {len(files)} programs; write {FEWEST_WRONG}")
    for path in files:
        text = _program(folder, f"wrong/{path.name}", where, problems)
        match = _WRONG.match(text)
        if match is None:
            problems.append(
                f"{where}/wrong/{path.name}: begin with the lines "
                "'# Mistake: ...' and '# Message: ...'"
            )
        else:
            programs.append(WrongProgram(path.stem, match[1], match[2], text))
    return programs
