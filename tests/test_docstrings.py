"""Examples in docstrings print what stands below them."""

import doctest
from importlib import import_module

import pytest

from tests.conftest import ROOT

MODULES = [
    ".".join(path.relative_to(ROOT / "src").with_suffix("").parts)
    for path in sorted((ROOT / "src/paradigms").rglob("*.py"))
    if ">>> " in path.read_text("utf8")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_print_what_stands_below_them(name):
    """Each `>>>` line of a module is run; a difference is shown in full."""
    failed, attempted = doctest.testmod(import_module(name))
    assert failed == 0 < attempted


def test_the_objectives_and_ways_of_generating_have_examples():
    """Modules without any example would pass unnoticed."""
    packages = [name.split(".")[1] for name in MODULES]
    assert packages.count("objectives") >= 5
    assert packages.count("generation") >= 3
