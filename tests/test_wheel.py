"""A wheel holds what its commands read: the package works without the repository."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from paradigms._files import CHECKOUT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """A folder with the content of a wheel that was built of this repository."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    subprocess.run(
        [*pip, "--no-build-isolation", "--wheel-dir", folder, CHECKOUT], check=True
    )
    (file,) = folder.glob("*.whl")
    zipfile.ZipFile(file).extractall(folder / "content")
    return folder / "content"


def run(package: Path, folder: Path, *arguments: str) -> str:
    """The output of a command line of the package, run in an empty folder."""
    environment = os.environ | {"PYTHONPATH": str(package), "SITE_URL": ""}
    process = subprocess.run(
        [sys.executable, "-m", "paradigms", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return process.stdout


@pytest.mark.parametrize("command", ["claims", "questions", "systems"])
def test_a_command_of_the_wheel_prints_the_same(wheel, tmp_path, command):
    """As from the repository."""
    expected = run(CHECKOUT / "src", tmp_path, command, "--json")
    assert run(wheel, tmp_path, command, "--json") == expected


def test_a_whiteboard_task_of_the_wheel_is_begun_and_tested(wheel, tmp_path):
    """The list is the same; a right program passes."""
    listed = run(wheel, tmp_path, "practise")
    assert listed == run(CHECKOUT / "src", tmp_path, "practise")
    assert "top-k.py: written" in run(wheel, tmp_path, "practise", "top-k")
    solution = wheel / "paradigms/repository/snippets/whiteboard/top-k/solution.py"
    shutil.copy(solution, tmp_path / "top-k.py")
    assert run(wheel, tmp_path, "practise", "top-k") == "All 6 tests passed.\n"


@pytest.mark.parametrize("kind", ["anki", "csv", "json"])
def test_an_export_of_the_wheel_is_the_same(wheel, tmp_path, kind, monkeypatch):
    """Byte for byte; a deck has the date of its newest source."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")
    files = []
    for package in (wheel, CHECKOUT / "src"):
        run(package, tmp_path, "export", kind, "--output", f"bank.{kind}")
        files.append((tmp_path / f"bank.{kind}").read_bytes())
    assert files[0] == files[1]


def test_without_its_pages_the_wheel_would_fail(wheel, tmp_path):
    """Negative control: the commands above read the wheel and not the repository."""
    copy = tmp_path / "wheel"
    shutil.copytree(wheel, copy)
    shutil.rmtree(copy / "paradigms/repository/snippets")
    with pytest.raises(subprocess.CalledProcessError) as error:
        run(copy, tmp_path, "claims")
    assert error.value.stderr == (
        "snippets: files are missing; restore them from git\n"
    )


def test_the_wheel_says_that_it_has_types(wheel):
    """A type checker reads annotations only of packages that hold `py.typed`."""
    assert (wheel / "paradigms/py.typed").is_file()
