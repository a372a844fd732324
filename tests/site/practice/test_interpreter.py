"""One interpreter for many attempts: it notices what one leaves for the next."""

import json
import subprocess
import sys

import pytest

from paradigms.site.content.whiteboard import tasks
from paradigms.site.practice import runner
from tests.conftest import ROOT, environment

TESTS = "def test_a():\n    pass"
# As in the page: nothing but the standard library is loaded.
PROGRAM = """
import json, sys
from paradigms.site.practice import interpreter
runs = json.load(sys.stdin)
json.dump([json.loads(interpreter.run(*run)) for run in runs], sys.stdout)
"""


def results(*runs: tuple[str, str]) -> list[dict]:
    """What an interpreter of its own gives for attempts with their tests, in order."""
    process = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env=environment(ROOT),
        input=json.dumps(runs),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(process.stdout)


@pytest.mark.parametrize("name", tasks())
def test_the_programs_of_a_task_leave_nothing(name):
    """The results are those of the runner; no program costs a new interpreter."""
    task = tasks()[name]
    texts = (task.start, task.solution, *(wrong.text for wrong in task.wrong))
    for text, result in zip(
        texts, results(*((text, task.tests) for text in texts)), strict=True
    ):
        assert result.pop("clean")
        assert result == runner.run(text, task.tests)


@pytest.mark.parametrize(
    "attempt",
    [
        "import math\nmath.exp = None",
        "import math\ndel math.exp",
        "import builtins\nbuiltins.helper = 1",
        "import sys\nsys.setrecursionlimit(5000)",
        "import sys, types\nsys.modules['json'] = types.ModuleType('json')",
        "import sys\ndel sys.modules['json']",
        "import math\nmath.exp = None\nraise ValueError",
    ],
)
def test_a_change_of_what_the_next_attempt_sees_is_noticed(attempt):
    """Replaced, removed and new attributes, modules, the limit of recursion."""
    (result,) = results((attempt, TESTS))
    assert not result["clean"]


@pytest.mark.parametrize("name", ["colorsys", "xml.sax.saxutils"])
def test_an_import_is_no_change(name):
    """Neither of a module that nothing has used yet nor of one inside a package."""
    (result,) = results((f"import {name}", TESTS))
    assert result["clean"]
