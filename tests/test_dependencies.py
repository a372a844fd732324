"""What is imported is listed in pyproject.toml, and what is listed is used."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

SETTINGS = (ROOT / "pyproject.toml").read_text("utf8")
# Of `src` alone: what only tests and linters need may not be imported there.
INSTALLED_BY_READERS = ("src", "--optional-dependencies-dev-groups", "test,dev")


def deptry(folder: Path, *options: str, settings: str = SETTINGS) -> set[str]:
    """The findings of deptry in a folder, as `DEP001 module`."""
    configuration, report = folder / "deptry.toml", folder / "deptry.json"
    configuration.write_text(settings, "utf8")
    subprocess.run(
        [
            Path(sys.executable).parent / "deptry",
            *options,
            *("--config", configuration, "--json-output", report),
        ],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    findings = json.loads(report.read_text("utf8"))
    return {f"{line['error']['code']} {line['module']}" for line in findings}


def test_what_is_imported_is_listed_and_what_is_listed_is_used(tmp_path):
    """In the package, the tests and the notebooks."""
    assert deptry(tmp_path, ".") == set()


def test_the_package_needs_nothing_that_only_tests_install(tmp_path):
    """Except where pyproject.toml says why."""
    assert deptry(tmp_path, *INSTALLED_BY_READERS) == set()


@pytest.mark.parametrize(
    ("options", "old", "new", "finding"),
    [
        ((".",), '"pydantic>=2.9"', '"pydantic>=2.9", "toolz"', "DEP002 toolz"),
        ((".",), '  "latex2mathml>=3.81",\n', "", "DEP003 latex2mathml"),
        ((".",), '  "pygments>=2.19", ', "  #", "DEP003 pygments"),
        (INSTALLED_BY_READERS, '"nbval", "pytest",', '"nbval",', "DEP004 pytest"),
    ],
)
def test_another_list_is_noticed(tmp_path, options, old, new, finding):
    """Negative control: a package too many, one that is missing, one of the tests."""
    assert old in SETTINGS
    settings = SETTINGS.replace(old, new, 1)
    assert deptry(tmp_path, *options, settings=settings) == {finding}


def packages_of_npm(text: str) -> set[str]:
    """What package.json asks for."""
    package = json.loads(text)
    return {*package["dependencies"], *package["devDependencies"]}


def unused(packages: set[str]) -> set[str]:
    """Packages that no script imports, and whose folder no source names."""
    folders = [ROOT / "tests/site", ROOT / "src/paradigms/site/exports"]
    sources = [
        path.read_text("utf8")
        for folder in folders
        for path in folder.rglob("*")
        if path.suffix in (".py", ".mjs")
    ]
    text = "\n".join(sources)
    return {
        name
        for name in packages
        if f'"{name}/' not in text
        and f'"{name}"' not in text
        and f"node_modules/{name}" not in text
    }


def test_every_package_of_npm_is_used():
    """Copies of libraries, Pyodide, the compiler, the linter of workflows."""
    packages = packages_of_npm((ROOT / "package.json").read_text("utf8"))
    assert len(packages) >= 5
    assert unused(packages) == set()
    assert unused({*packages, "right-pad"}) == {"right-pad"}
