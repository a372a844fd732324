"""What `make check` runs depends on what differs from the last commit."""

import shutil
import subprocess
from pathlib import Path

from tests.conftest import ROOT, commit_all

PAGE = "docs/index.md"
MODULE = "src/paradigms/module.py"


def pytest_arguments(folder: Path) -> list[str]:
    """The arguments of pytest in the last command that `make check` would run."""
    lines = subprocess.run(
        ["make", "-n", "--no-print-directory", "-o", ".venv/test.done", "check"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return lines[-1].split("pytest -n 2 -q")[1].split()


def test_a_changed_page_runs_the_tests_of_texts_and_of_the_page(tmp_path):
    """Tests of the code only if something else differs, a new file included."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in (PAGE, MODULE):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("x\n", "utf8")
    commit_all(tmp_path, "2026-01-01T00:00:00Z")
    texts = pytest_arguments(tmp_path)
    assert texts
    assert not any("layers" in name for name in texts)
    (tmp_path / PAGE).write_text("y\n", "utf8")
    assert pytest_arguments(tmp_path) == [*texts, PAGE]
    new = PAGE.replace("index", "new")
    (tmp_path / new).write_text("x\n", "utf8")
    assert pytest_arguments(tmp_path) == [*texts, PAGE, new]
    (tmp_path / MODULE).write_text("y\n", "utf8")
    code = pytest_arguments(tmp_path)
    assert "tests/layers" in code
    assert {*texts, PAGE, new} <= {*code}


def test_every_test_that_the_makefile_names_exists():
    """A renamed file would fail in pytest only when somebody runs `make check`."""
    text = (ROOT / "Makefile").read_text("utf8")
    names = {word for word in text.split() if word.startswith("tests/")}
    assert len(names) >= 8
    for name in names:
        assert [*ROOT.glob(name.split("::")[0])], name
