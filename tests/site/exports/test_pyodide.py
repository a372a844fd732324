"""Pyodide in the site: the files that npm brought, or a line on what is missing."""

import json
import shutil
from pathlib import Path

import pytest

from paradigms.site.exports.pyodide import FILES, LICENCE, pyodide
from paradigms.site.practice import process
from tests.conftest import ROOT

VERSION = json.loads((ROOT / "package.json").read_text("utf8"))["dependencies"][
    "pyodide"
]
FOLDER = f"javascripts/vendor/pyodide-{VERSION}"


def test_the_site_has_the_files_of_the_lock_file_and_their_licence(site):
    """Byte for byte what npm has checked, and no file more."""
    package = ROOT / "node_modules/pyodide"
    served = {path.name: path.read_bytes() for path in (site / FOLDER).iterdir()}
    assert set(served) == {*FILES, "LICENCE.txt"}
    assert all(served[name] == (package / name).read_bytes() for name in FILES)
    text = served["LICENCE.txt"].decode()
    assert "Mozilla Public License Version 2.0" in text
    assert "PYTHON SOFTWARE FOUNDATION LICENSE VERSION 2" in text


def test_the_page_knows_folder_size_and_limits(site):
    """The size is that of the files that a click loads; the time is the terminal's."""
    index = site / "practice/whiteboard/tasks/index.json"
    python = json.loads(index.read_text("utf8"))["python"]
    size = sum((site / FOLDER / name).stat().st_size for name in FILES)
    assert (python["folder"], python["bytes"]) == (FOLDER, size)
    assert python["seconds"] == process.SECONDS
    assert 12e6 < size < 15e6


@pytest.fixture
def repository(tmp_path) -> Path:
    """A repository with small files in the place of Pyodide's."""
    package = tmp_path / "node_modules/pyodide"
    package.mkdir(parents=True)
    for name in FILES:
        (package / name).write_text("x")
    shutil.copy(ROOT / "package.json", tmp_path)
    (package / "package.json").write_text(json.dumps({"version": VERSION}))
    return tmp_path


def test_the_version_is_that_of_package_json(repository):
    """An older folder is not served: its hash was that of another file."""
    python = pyodide(repository)
    assert python.missing == ""
    assert list(python.files.values()).count(LICENCE) == 1
    assert python.for_page()["bytes"] == len(FILES)
    old = repository / "node_modules/pyodide/package.json"
    old.write_text('{"version": "0.1.0"}')
    assert pyodide(repository).missing == (
        f"node_modules/pyodide is 0.1.0, and package.json asks for {VERSION}; "
        "run “make npm”, then build the site again"
    )
    old.write_text("[]")
    assert "node_modules/pyodide is None" in pyodide(repository).missing


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_missing_is_named(repository, name):
    """Then nothing of Pyodide is served."""
    (repository / "node_modules/pyodide" / name).unlink()
    python = pyodide(repository)
    assert python.files == {}
    assert python.for_page() == {"missing": python.missing}
    assert python.missing.startswith(
        f"node_modules/pyodide has no {name}; run “make npm”"
    )


def test_the_repository_holds_no_pyodide():
    """It comes from npm: no script of the sources is nearly as large."""
    sizes = [path.stat().st_size for path in (ROOT / "docs/javascripts").rglob("*")]
    assert len(sizes) > 20
    assert max(sizes) < 200_000
