"""Fingerprints of experiments depend on the meaning of code, not its spelling."""

import ast
import re
import shutil
from pathlib import Path

import pytest

from paradigms._files import PACKAGE
from paradigms.experiments.runner.fingerprint import fingerprint, reads_clock
from paradigms.experiments.runner.run import names

EXPERIMENT = '''"""Module."""

from dataclasses import dataclass, field

import torch.nn.functional as F

from paradigms.parts import Steps, scaled
from paradigms import tools

QUESTION = "What comes out?"


@dataclass(frozen=True)
class Config:
    """Sizes."""

    seeds: int = 3
    rate: float = 0.5


CONFIG = Config()


def run(config, each=tools.serial):
    """The rows."""
    total = 0.0
    for seed in range(config.seeds):
        total += scaled(seed, factor=config.rate)
        total = F.relu(total) + Steps.unused
    if total < 0:
        raise ValueError("a negative total")
    return [{"name": "total", "sum": total, "even": even(config.seeds)}]


def even(number):
    return number == 0 or odd(number - 1)


def odd(number):
    return number > 0 and even(number - 1)
'''
PARTS = '''"""Parts."""

from paradigms.names import shift as by


FACTORS = [1.0]


def scaled(value, factor=2.0):
    # Why: a comment.
    return (value + by(1)) * factor + FACTORS[0]


def unused(value):
    return value + 1


class Steps:
    unused = unused(1)
'''
TOOLS = """def serial(items, part):
    return [part(item) for item in items]


def other(items):
    return items
"""
NUMBERS = """def shift(value):
    return value + 1


def unshifted(value):
    return value
"""
FILES = {
    "__init__.py": "",
    "experiments/__init__.py": "",
    "experiments/small.py": EXPERIMENT,
    "parts.py": PARTS,
    "tools.py": TOOLS,
    "names.py": "from paradigms.numbers import shift\n",
    "numbers.py": NUMBERS,
}

SAME = {
    "a comment": ("parts.py", "# Why: a comment.", "# Another."),
    "a docstring": ("experiments/small.py", '"""The rows."""', '"""What comes out."""'),
    "no docstring": ("experiments/small.py", '    """The rows."""\n', ""),
    "a reformatting": (
        "parts.py",
        "value, factor=2.0",
        "\n    value,\n    factor=2.0,",
    ),
    "an annotation": ("parts.py", "(value, factor", "(value: int, factor: float"),
    "an annotated variable": (
        "experiments/small.py",
        "total = 0.0",
        "total: float = 0.0",
    ),
    "the question": ("experiments/small.py", "What comes out?", "What is the sum?"),
    "the text of an error": ("experiments/small.py", "a negative total", "below zero"),
    "a local variable": (
        "experiments/small.py",
        "for seed in",
        "for number in",
        "scaled(seed,",
        "scaled(number,",
    ),
    "a variable named like a function": (
        "experiments/small.py",
        "for seed in",
        "for odd in",
        "scaled(seed,",
        "scaled(odd,",
    ),
    "a variable of a comprehension": (
        "tools.py",
        "part(item) for item in",
        "part(element) for element in",
    ),
    "a function": ("experiments/small.py", "even(", "is_even("),
    "a class": ("experiments/small.py", "Config", "SmallConfig"),
    "a constant": ("parts.py", "FACTORS", "WEIGHTS"),
    "an alias": ("parts.py", "as by", "as moved_by", "by(1)", "moved_by(1)"),
    "an import of a module": (
        "experiments/small.py",
        "from paradigms import tools",
        "from paradigms.tools import serial",
        "tools.serial",
        "serial",
    ),
    "a library's alias": (
        "experiments/small.py",
        "import torch.nn.functional as F",
        "from torch.nn import functional",
        "F.relu",
        "functional.relu",
    ),
    "order of definitions": ("numbers.py", NUMBERS, "X = 1\n\n\n" + NUMBERS),
    "what no experiment reaches": ("numbers.py", "return value\n", "return -value\n"),
    "another function of a module": ("tools.py", "return items", "return items[:1]"),
}
OTHER = {
    "a number": ("numbers.py", "value + 1", "value + 2"),
    "the type of a number": ("numbers.py", "value + 1", "value + 1.0"),
    "an operator": ("numbers.py", "value + 1", "value - 1"),
    "a comparison": ("experiments/small.py", "number > 0", "number >= 0"),
    "a default": ("parts.py", "factor=2.0", "factor=3.0"),
    "a default of the configuration": (
        "experiments/small.py",
        "seeds: int = 3",
        "seeds: int = 4",
    ),
    "order of fields": (
        "experiments/small.py",
        "    seeds: int = 3\n    rate: float = 0.5",
        "    rate: float = 0.5\n    seeds: int = 3",
    ),
    "a decorator": ("experiments/small.py", "(frozen=True)", "(frozen=False)"),
    "order of statements": (
        "experiments/small.py",
        "+= scaled(seed, factor=config.rate)\n"
        "        total = F.relu(total) + Steps.unused",
        "= F.relu(total) + Steps.unused\n"
        "        total += scaled(seed, factor=config.rate)",
    ),
    "another local variable": ("experiments/small.py", "F.relu(total)", "F.relu(seed)"),
    "a variable that hides a function": (
        "experiments/small.py",
        "for seed in",
        "for even in",
        "scaled(seed,",
        "scaled(even,",
    ),
    "a keyword": ("experiments/small.py", "factor=config.rate", "config.rate"),
    "a parameter": ("parts.py", "(value, factor=2.0)", "(factor, value=2.0)"),
    "a member": ("experiments/small.py", "config.rate", "config.seeds"),
    "the name of a column": ("experiments/small.py", '"sum"', '"Sum"'),
    "another function of the same form": (
        "experiments/small.py",
        "parts import Steps, scaled",
        "parts import Steps, unused as scaled",
    ),
    "a function of a library": ("experiments/small.py", "F.relu", "F.gelu"),
    "the kind of an error": (
        "experiments/small.py",
        "raise ValueError",
        "raise TypeError",
    ),
    "a member named like a function": (
        "parts.py",
        "def unused(value):\n    return value + 1",
        "def unused(value):\n    return value + 2",
    ),
    "what a name is exported as": (
        "names.py",
        "numbers import shift",
        "numbers import unshifted as shift",
    ),
    "the type of a field": ("experiments/small.py", "seeds: int = 3", "seeds: str = 3"),
    "recursion": (
        "experiments/small.py",
        "and even(number - 1)",
        "and odd(number - 1)",
    ),
}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package of one experiment and three modules."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf8")
    return tmp_path


def edit(package: Path, file: str, *pairs: str) -> None:
    """Replaces text in a file, pair by pair (old, new)."""
    path = package / file
    text = path.read_text("utf8")
    for old, new in zip(pairs[::2], pairs[1::2], strict=True):
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, "utf8")


@pytest.mark.parametrize("case", SAME)
def test_spelling_does_not_matter(package, case):
    """Renames, comments, layout and unused code do not change the fingerprint."""
    before = fingerprint("experiments.small", package)
    edit(package, *SAME[case])
    assert fingerprint("experiments.small", package) == before


@pytest.mark.parametrize("case", OTHER)
def test_meaning_matters(package, case):
    """Each of these edits may change a row, and changes the fingerprint."""
    before = fingerprint("experiments.small", package)
    edit(package, *OTHER[case])
    assert fingerprint("experiments.small", package) != before


OPAQUE = {
    "X = __file__": "__file__",
    "X = eval('1')": "eval",
    "X = shift.__doc__": "__doc__",
    "def f():\n    return vars()": "vars()",
    "def f():\n    global X": "global",
    "def f():\n    import os": "an import inside a function or a block",
    "from paradigms.tools import *": "a relative import or import *",
    "from .tools import serial": "a relative import or import *",
    "import paradigms.tools": "import paradigms",
    "shift(1)": "no definition",
    "shift.step = 1": "no definition",
    "for i in range(3):\n    X = i": "no definition",
    "if shift:\n    X = 1": "no definition",
    "X = (Y := 3)": "no definition",
    "shift = 1": "shift bound twice",
    "X = 1\nX = 2": "X bound twice",
    "from math import sin as shift": "shift bound twice",
}


@pytest.mark.parametrize("code", OPAQUE)
@pytest.mark.parametrize("file", ["names.py", "__init__.py"])
def test_code_that_hides_what_it_reaches_is_refused(package, file, code):
    """In a module that is reached, and in the packages around it: file and line."""
    path = package / file
    path.write_text(f"{FILES['names.py']}{code}\n", "utf8")
    with pytest.raises(ValueError, match="a fingerprint cannot tell") as error:
        fingerprint("experiments.small", package)
    assert re.match(rf"{re.escape(str(path))}:\d: ", str(error.value))
    assert f": {OPAQUE[code]}: " in str(error.value)


def test_a_module_as_a_value_is_refused(package):
    """What is read off it by name cannot be seen."""
    edit(package, "experiments/small.py", "each=tools.serial", "each=tools")
    with pytest.raises(
        ValueError, match=r"uses the module paradigms\.tools as a value"
    ):
        fingerprint("experiments.small", package)


def test_a_name_that_does_not_exist_is_named(package):
    """The error names the module and the missing name."""
    edit(package, "parts.py", "def scaled", "def enlarged")
    with pytest.raises(ValueError, match=re.escape("paradigms.parts has no 'scaled'")):
        fingerprint("experiments.small", package)
    with pytest.raises(ValueError, match=r"there is no module 'experiments\.absent'"):
        fingerprint("experiments.absent", package)


@pytest.mark.parametrize(
    ("line", "clock"),
    [
        ("import time\n", "time.perf_counter()"),
        ("from time import monotonic as now\n", "now()"),
    ],
)
def test_a_clock_is_reached_through_other_modules(package, line, clock):
    """In what `run` reaches, not in what stands beside it."""
    assert not reads_clock("experiments.small", package)
    edit(package, "numbers.py", "def shift", f"{line}\n\ndef shift")
    edit(package, "numbers.py", "    return value\n", f"    return {clock}\n")
    assert not reads_clock("experiments.small", package)
    edit(package, "numbers.py", "value + 1", f"value + {clock}")
    assert reads_clock("experiments.small", package)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package, without its records."""
    target = tmp_path_factory.mktemp("copy") / "paradigms"
    shutil.copytree(PACKAGE, target, ignore=shutil.ignore_patterns("*.json"))
    return target


def fingerprints(package: Path) -> dict[str, str]:
    """The fingerprints of all experiments."""
    return {name: fingerprint(f"experiments.{name}", package) for name in names()}


def test_every_file_may_be_reformatted_and_moved(copy):
    """Removing comments and moving a module makes no record stale."""
    for path in copy.rglob("*.py"):
        path.write_text(ast.unparse(ast.parse(path.read_text("utf8"))), "utf8")
    (copy / "statistics").mkdir()
    (copy / "statistics/__init__.py").write_text("")
    (copy / "evaluation/statistics.py").rename(copy / "statistics/student.py")
    for path in copy.rglob("*.py"):
        text = path.read_text("utf8")
        text = text.replace(
            "paradigms.evaluation.statistics", "paradigms.statistics.student"
        )
        path.write_text(text, "utf8")
    assert fingerprints(copy) == fingerprints(PACKAGE)


def test_a_changed_number_makes_stale_what_reaches_it(tmp_path):
    """A changed quantile of `t_interval` makes its callers stale, and no others."""
    copy = tmp_path / "paradigms"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("*.json"))
    edit(copy, "evaluation/statistics.py", "0.975", "0.95")
    before, after = fingerprints(PACKAGE), fingerprints(copy)
    stale = {name for name in names() if before[name] != after[name]}
    assert "cache" in stale
    assert not stale & {"boundaries", "targets_per_pass", "published_sizes"}
    assert 15 < len(stale) < len(names())
