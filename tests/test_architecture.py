"""Architecture: packages import only from lower layers, functions stay short."""

import ast
import re
import shutil
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from tests.conftest import ROOT, environment

PACKAGE = ROOT / "src" / "paradigms"


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the sources in a folder, with this project's contracts."""
    return subprocess.run(
        [
            Path(sys.executable).parent / "lint-imports",
            "--no-cache",
            "--config",
            ROOT / "pyproject.toml",
        ],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        env=environment(root),
    )


def modules() -> list[Path]:
    """Every module of the package."""
    return sorted(PACKAGE.rglob("*.py"))


def test_packages_import_as_the_contracts_say():
    """Packages form layers, and pages need no torch: contracts of pyproject.toml."""
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("layers/blocks", "import paradigms.models.gpt", "packages below it"),
        ("data/digits", "from paradigms.site import outputs", "packages below it"),
        ("site/drawing/svg", "import torch", "and no torch"),
        ("site/fences/table", "from paradigms.models import gpt", "records and masks"),
        ("experiments/records", "import torch", "and no torch"),
        ("models/gpt", "from paradigms import objectives", "knows no objective"),
        ("site/content/claims", "import paradigms.site.fences.page", "Fences draw"),
        ("new_package/__init__", "", "packages below it"),
    ],
)
def test_a_forbidden_import_is_noticed(tmp_path, module, line, contract):
    """Negative control: each contract is broken by one line."""
    shutil.copytree(PACKAGE, tmp_path / "src/paradigms")
    path = tmp_path / f"src/paradigms/{module}.py"
    path.parent.mkdir(exist_ok=True)
    text = path.read_text("utf8") if path.exists() else ""
    path.write_text(f"{text}\n{line}\n", "utf8")
    result = lint_imports(tmp_path)
    assert result.returncode == 1
    (failed,) = re.findall(r"^(.*) BROKEN$", result.stdout, re.MULTILINE)
    assert contract in failed


MAP = (ROOT / "docs/contributing.md").read_text("utf8")


def unmapped(text: str) -> set[str]:
    """Modules that a map does not name, and names in it that are no modules."""
    existing = {
        path.relative_to(PACKAGE).with_suffix("").as_posix()
        for path in modules()
        if path.name != "__init__.py" and path.parent != PACKAGE
    }
    mapped = set()
    for package, section in re.findall(r"^### (\w+)$(.*?)(?=^##)", text, re.M | re.S):
        if (PACKAGE / package).is_dir():
            lines = re.findall(r"^\| (`[^|]*) \|", section, re.MULTILINE)
            mapped |= {
                f"{package}/{module}"
                for module in re.findall(r"`([\w/]+)`", " ".join(lines))
            }
    return existing ^ mapped


def test_the_map_has_a_line_for_every_module():
    """docs/contributing.md names each module in the table of its package, no other."""
    assert unmapped(MAP) == set()
    for path in PACKAGE.glob("*.py"):
        if path.name not in ("__init__.py", "masks.py"):
            assert f"`{path.name}`" in MAP, f"{path.name} is not in contributing.md"
    layout = MAP.split("```")[3]  # the code block with a line for each package
    for path in PACKAGE.glob("*/__init__.py"):
        assert f"\n{path.parent.name}/ " in layout, path.parent.name


def test_a_module_without_a_line_is_noticed():
    """Negative control: a line too few, and one for a module that does not exist."""
    assert unmapped(MAP.replace("| `digits` |", "| digits |")) == {"data/digits"}
    assert unmapped(MAP.replace("`digits`", "`digit`")) == {"data/digits", "data/digit"}


def complaints(text: str) -> list[str]:
    """Functions of a module that are too long, public names without a docstring."""
    tree = ast.parse(text)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    problems = [
        f"{node.name} is over 50 lines"
        for node in functions
        if (node.end_lineno or 0) - node.lineno >= 50
    ]
    public = [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[0] != "_"
    ]
    problems += [
        f"{node.name} has no docstring"
        for node in public
        if not ast.get_docstring(node)
    ]
    return problems


TESTS = sorted((ROOT / "tests").rglob("*.py"))


@pytest.mark.parametrize("path", [*modules(), *TESTS], ids=lambda path: path.stem)
def test_functions_are_short_and_documented(path):
    """At most 50 lines per function, a docstring per public name, also in tests."""
    assert complaints(path.read_text("utf8")) == []


def test_what_is_too_long_is_noticed():
    """Negative control: a long function, a name without a docstring."""
    code = "def f():\n" + '    """One."""\n' + "    x = 1\n" * 60
    assert complaints(code) == ["f is over 50 lines"]
    assert complaints("class A:\n    pass\n") == ["A has no docstring"]


def test_every_pin_installs_on_the_oldest_python():
    """Every pin of constraints.txt supports Python 3.11.0, as the README promises."""
    incompatible = []
    for distribution in distributions():
        required = distribution.metadata.get("Requires-Python")
        if required and "3.11.0" not in SpecifierSet(required):
            incompatible.append(f"{distribution.metadata['Name']} wants {required}")
    assert incompatible == []


# In parts, so that this file names none of them.
REGISTRIES = [
    b"npm" + b"js.",
    b"pypi." + b"org",
    b"python" + b"hosted.",
    b"deb." + b"debian.",
]


def registry_hosts(text: bytes) -> list[bytes]:
    """The package registries that a file names."""
    return [host for host in REGISTRIES if host in text.lower()]


def test_no_file_names_a_package_registry():
    """An installation takes packages from wherever its machine is set up to."""
    result = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    files = [
        path for name in result.stdout.splitlines() if (path := ROOT / name).is_file()
    ]
    assert len(files) > 500
    assert [path for path in files if registry_hosts(path.read_bytes())] == []
    assert registry_hosts(b"https://www.NPM" + b"js.com/package/x") != []


def test_the_top_level_holds_what_people_expect():
    """Nothing but the listed files and folders is under version control at the top."""
    result = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    names = {line.split("/")[0] for line in result.stdout.splitlines()}
    assert {name for name in names if not name.startswith(".")} == {
        "docs",
        "snippets",
        "src",
        "tests",
        "mkdocs.yml",
        "pyproject.toml",
        "README.md",
        "Makefile",
        "constraints.txt",
        "LICENSE",
        "CHANGELOG.md",
        "CITATION.cff",
        "package.json",  # libraries of the scripts, with their hashes
        "package-lock.json",
        "Containerfile",  # where the tools of containers look for it
        "nginx.conf",
    }
