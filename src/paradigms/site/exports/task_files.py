"""The files of the whiteboard tasks in the built site, beside their page.

`runner.py` and `interpreter.py` serve all tasks; each has its programs as JSON, for the
page, and as an archive that runs without this package.
"""

from pathlib import Path

from paradigms.site.content.whiteboard import TASKS, WhiteboardTask, task_places, tasks
from paradigms.site.exports.formats import compact_json, zip_archive
from paradigms.site.exports.pyodide import Pyodide
from paradigms.site.practice import interpreter, runner

FOLDER = "practice/whiteboard/tasks"
_README = """\
{title}

Write your program in attempt.py, then run its tests:

    python runner.py

Python 3.11 or newer; nothing else is needed.
"""


def task_file_paths() -> list[str]:
    """The path of every file in the site, by the folders of the tasks."""
    names = sorted(path.name for path in TASKS.glob("*") if path.is_dir())
    files = [f"{name}.{ending}" for name in names for ending in ("json", "zip")]
    shared = ("runner.py", "interpreter.py", "index.json")
    return [f"{FOLDER}/{name}" for name in (*shared, *files)]


def task_files(python: Pyodide) -> dict[str, bytes]:
    """Every file by its path in the site. Errors: ContentError as `tasks`."""
    task_places()
    program = Path(runner.__file__).read_text("utf8")
    files = {
        "runner.py": program.encode(),
        "interpreter.py": Path(interpreter.__file__).read_bytes(),
        "index.json": _index(python),
    }
    for name, task in tasks().items():
        files[f"{name}.json"] = _programs(task)
        files[f"{name}.zip"] = _archive(task, program)
    return {f"{FOLDER}/{name}": content for name, content in files.items()}


def _index(python: Pyodide) -> bytes:
    """Every task with what a list shows of it, and the Python that runs attempts."""
    rows = [
        {
            "name": task.name,
            "title": task.title,
            "level": task.level,
            "topic": task.topic,
            "minutes": task.minutes,
        }
        for task in tasks().values()
    ]
    return compact_json({"tasks": rows, "python": python.for_page()}).encode()


def _programs(task: WhiteboardTask) -> bytes:
    """What the page needs to run an attempt, and to name a typical mistake."""
    programs = {"start": task.start, "tests": task.tests, "solution": task.solution}
    mistakes = [
        {"message": wrong.message, "mistake": wrong.mistake} for wrong in task.wrong
    ]
    head = {"name": task.name, "title": task.title}
    return compact_json({**head, **programs, "mistakes": mistakes}).encode()


def _archive(task: WhiteboardTask, program: str) -> bytes:
    files = {
        "README.txt": _README.format(title=task.title),
        "attempt.py": task.start,
        "test_task.py": task.tests,
        "runner.py": program,
    }
    return zip_archive({f"{task.name}/{name}": text for name, text in files.items()})
