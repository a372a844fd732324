"""A copy of the sources, to change and to build; commands run on its own package."""

import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from paradigms._files import ROOT

SOURCES = ("docs", "snippets", "src", "tests", "mkdocs.yml")


def copy_sources(folder: Path, *, more: Iterable[str] = (), root: Path = ROOT) -> None:
    """Copy the sources, and `more` names beside them, without what Python compiled."""
    ignored = shutil.ignore_patterns("__pycache__", "*.tmp")
    for name in (*SOURCES, *more):
        if (root / name).is_dir():
            shutil.copytree(root / name, folder / name, ignore=ignored)
        else:
            shutil.copy(root / name, folder / name)


def environment(folder: Path) -> dict[str, str]:
    """The environment in which `paradigms` is the package below `folder`."""
    return {**os.environ, "PYTHONPATH": str(folder / "src"), "NO_MKDOCS_2_WARNING": "1"}


def error_line(output: str) -> str:
    """The last line of a command's output that says what is wrong."""
    lines = [line for line in output.splitlines() if re.search("error", line, re.I)]
    return lines[-1].strip() if lines else "without a message"
