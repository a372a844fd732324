"""What `make check` runs depends on what differs from the last commit."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT, commit_all

PAGE = "docs/index.md"
MODULE = "src/paradigms/module.py"


def commands(folder: Path) -> list[str]:
    """What `make check` would run, one command a line."""
    return subprocess.run(
        ["make", "-n", "--no-print-directory", "-o", ".venv/test.done", "check"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()


def pytest_arguments(folder: Path) -> list[str]:
    """The arguments of pytest in the last command."""
    return commands(folder)[-1].split("pytest -n 2 -q")[1].split()


@pytest.fixture
def repository(tmp_path) -> Path:
    """A page and a module that are committed, with our Makefile."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in (PAGE, MODULE):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("x\n", "utf8")
    commit_all(tmp_path, "2026-01-01T00:00:00Z")
    return tmp_path


def test_a_changed_page_runs_the_tests_of_texts_and_of_the_page(repository):
    """No types, import contracts or tests of the code; a new page counts."""
    (repository / PAGE).write_text("y\n", "utf8")
    *texts, page = pytest_arguments(repository)
    assert page == PAGE
    assert texts
    assert not any("layers" in name for name in texts)
    assert not any("mypy" in line or "imports" in line for line in commands(repository))
    new = PAGE.replace("index", "new")
    (repository / new).write_text("x\n", "utf8")
    assert pytest_arguments(repository) == [*texts, PAGE, new]


@pytest.mark.parametrize("changed", [[MODULE], [MODULE, PAGE], []])
def test_otherwise_the_code_is_checked_too(repository, changed):
    """Also if nothing differs, as after a commit."""
    for name in changed:
        (repository / name).write_text("y\n", "utf8")
    assert "tests/layers" in pytest_arguments(repository)
    assert any("mypy" in line for line in commands(repository))
    assert any("imports" in line for line in commands(repository))


def test_every_test_that_the_makefile_names_exists():
    """A renamed file would fail in pytest only when somebody runs `make check`."""
    text = (ROOT / "Makefile").read_text("utf8")
    names = {word for word in text.split() if word.startswith("tests/")}
    assert len(names) >= 8
    for name in names:
        assert [*ROOT.glob(name.split("::")[0])], name
