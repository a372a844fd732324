"""The house: each room imports only from rooms before it, and functions stay short."""

import ast
import re
import subprocess
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from paradigms.measure import imports
from paradigms.systems import systems

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "paradigms"

# A module may import from lines before its own: the arrows in docs/contributing.md.
ROOMS = [
    {
        "files",
        "fingerprint",
        "gaussians",
        "intervals",
        "parts",
        "reliability",
        "repairs",
    },
    {"outputs", "provenance"},
    {"masks", "tokenizer", "bags", "objectives", "snippets"},
    {"corpora", "layers", "training", "bibliography", "results", "svg"},
    {
        "models",
        "probes",
        "judge",
        "decoding",
        "evidence",
        "plots",
        "predicates",
        "style",
    },
    {"checkpoints", "unmasking", "pretraining", "costs", "two_rules", "lab_networks"},
    {"references", "sentence_encoder", "tuning", "readout", "likeness"},
    {"stored_networks"},
    {"capabilities", "benchmarks"},
    {"experiments", "claims"},
    {"measure", "comparisons", "questions", "changes", "page"},
    {"grounds", "remeasure"},
    {"figures", "cards", "listings"},
    {"systems"},
    {"reference"},
    {"tables", "sheets"},
    {"minutes"},
    {"plans"},
    {"fences"},
    {"exports"},
    {"inline", "pytest_fences", "__main__", "__init__"},
    {"notebooks"},
    {"hooks"},
]
COMPUTING = {"gaussians", "intervals", "parts", "reliability", "repairs", "bags",
             "corpora", "layers", "training", "objectives", "models",
             "probes", "judge", "decoding", "unmasking", "pretraining", "costs",
             "two_rules", "checkpoints", "references", "benchmarks", "sentence_encoder",
             "capabilities", "experiments", "measure", "tuning", "likeness",
             "readout", "lab_networks", "stored_networks", "provenance",
             "remeasure"}  # fmt: skip
FREE = COMPUTING | {
    "fingerprint",
    "__main__",
    "masks",
    "tokenizer",
    "__init__",
    "pytest_fences",
    "outputs",
}
DRAWING = {name for level in ROOMS for name in level} - FREE
# `inline` raises the error of `fences`, which loads it by name as an extension.


def room(module: str) -> int:
    """The line of ROOMS on which a module stands."""
    return next(level for level, names in enumerate(ROOMS) if module in names)


def violations(name: str, imported: set[str]) -> list[str]:
    """What a module of that name must not import."""
    wrong = []
    for other in sorted(imported - {name, ""}):
        if room(other) >= room(name):
            wrong.append(f"{name} imports {other}, which does not stand before it")
        if name in DRAWING and other in COMPUTING:
            wrong.append(f"{name} draws and must not import {other}, which needs torch")
    return wrong


def top(module: str) -> str:
    """`paradigms.models.gpt` as `models`."""
    return [*module.split("."), ""][1]


def modules() -> list[Path]:
    """Every module of the package."""
    return sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.stem)
def test_each_room_imports_only_from_rooms_before_it(path):
    """The arrows of the picture in docs/contributing.md, read off the imports."""
    name = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    known = {top(module) for module in imports(path)}
    names = {n for level in ROOMS for n in level}
    assert name in names, f"{name} has no room; redraw the house"
    assert violations(name, known & names) == []


def test_a_wrong_import_is_noticed():
    """The guard itself: a table training, a mask drawing, a layer above its room."""
    assert violations("tables", {"models"})
    assert violations("masks", {"svg"})
    assert violations("layers", {"probes"})
    assert violations("layers", {"masks"}) == []


def test_the_picture_for_contributors_names_every_room():
    """docs/contributing.md shows the same rooms as are checked here."""
    picture = (ROOT / "docs/contributing.md").read_text("utf8").split("```")[1]
    for name in {n for level in ROOMS for n in level} - {"__init__"}:
        assert re.search(rf"\b{name}\b", picture), f"{name} is not in the picture"


def complaints(text: str) -> list[str]:
    """What is too long in a module, or lacks a docstring."""
    tree = ast.parse(text)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    found = [
        f"{node.name} is over 50 lines"
        for node in functions
        if (node.end_lineno or 0) - node.lineno >= 50
    ]
    public = [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[0] != "_"
    ]
    found += [
        f"{node.name} has no docstring"
        for node in public
        if not ast.get_docstring(node)
    ]
    return found


TESTS = sorted((ROOT / "tests").rglob("*.py"))


@pytest.mark.parametrize("path", [*modules(), *TESTS], ids=lambda path: path.stem)
def test_functions_are_short_and_documented(path):
    """50 lines a function, a docstring a public name; tests, too."""
    assert complaints(path.read_text("utf8")) == []


def test_what_is_too_long_is_noticed():
    """The guard itself: a long function, a name without a docstring."""
    long = "def f():\n" + '    """One."""\n' + "    x = 1\n" * 60
    assert complaints(long) == ["f is over 50 lines"]
    assert complaints("class A:\n    pass\n") == ["A has no docstring"]


MODELS = PACKAGE / "models"
LINES = 125  # of a file of models/; if it holds more than two systems, 60 a system


def too_long(name: str, text: str) -> list[str]:
    """Whether the file of that name in models/ is longer than its systems may be."""
    held = sum(s.of.startswith(f"models.{name}:") for s in systems().values())
    lines, limit = text.count("\n"), max(LINES, 60 * held)
    return [f"{name} has {lines} lines, over {limit}"] if lines > limit else []


def lent(text: str) -> list[str]:
    """What a module takes from the objectives, beside the ids of special tokens."""
    names = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            names += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
    whole = ("paradigms", "paradigms.objectives")  # with every name that is in it
    return [
        name
        for name in names
        if name in whole
        or (name.startswith("paradigms.objectives.") and not name.endswith(".Specials"))
    ]


@pytest.mark.parametrize(
    "path", sorted(MODELS.glob("*.py")), ids=lambda path: path.stem
)
def test_models_are_short_and_know_no_objective(path):
    """No longer than its systems may be, and it imports no objective."""
    text = path.read_text("utf8")
    assert too_long(path.stem, text) == []
    assert lent(text) == []


def test_a_long_model_or_one_with_a_loss_is_noticed():
    """The guard itself: a line too many, and each way to reach a loss."""
    for name, limit in (("gpt", 125), ("svm", 125), ("naive_bayes", 180)):
        assert too_long(name, "x = 1\n" * limit) == []
        assert too_long(name, "x = 1\n" * (limit + 1)) != []
    assert lent("from paradigms.objectives import Specials\n") == []
    for text in (
        "from paradigms.objectives import Specials, cross_entropy",
        "from paradigms.objectives.masked import masked_token as Specials",
        "from paradigms.objectives import masked",
        "from paradigms import objectives",
        "import paradigms.objectives.targets as t",
        "def loss():\n    import paradigms.objectives",
    ):
        assert lent(text) != [], text


def test_every_pin_installs_on_the_oldest_python():
    """What constraints.txt pins accepts Python 3.11.0, as the README promises."""
    refused = []
    for distribution in distributions():
        wanted = distribution.metadata["Requires-Python"]
        if wanted and "3.11.0" not in SpecifierSet(wanted):
            refused.append(f"{distribution.metadata['Name']} wants {wanted}")
    assert refused == []


def test_the_top_level_holds_what_people_expect():
    """Nothing but the listed files and folders is under version control at the top."""
    done = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    names = {line.split("/")[0] for line in done.stdout.splitlines()}
    assert {name for name in names if not name.startswith(".")} == {
        "docs", "snippets", "src", "tests", "mkdocs.yml", "pyproject.toml", "README.md",
        "Makefile", "constraints.txt", "LICENSE", "CHANGELOG.md",
    }  # fmt: skip
