"""No page prints digits of rounding errors, which differ between processors."""

import json
import re

import pytest
from bs4 import BeautifulSoup

from paradigms.experiments.records import format_value
from tests.conftest import ROOT

# Below a millionth.  A bare power of ten is a bound, not a result.
TINY = re.compile(
    r"(?<![\w.])-?(?!1e-)(?!0+\.?0*e)\d+(?:\.\d+)?e-(?:0[7-9]|[1-9]\d)(?!\d)"
    r"|(?<![\w.])-?0\.000000\d*[1-9]\d*"
)
QUANTITIES = {  # numbers that are small, computed to the digits shown
    "2.07e-13", "2.20e-13", "4.27e-13",  # a text's joint and marginal probability
    "6.5e-23",  # the probability of the mode of many coin flips
}  # fmt: skip


def tiny(text: str) -> list[str]:
    """Every number below a millionth that is neither a bound nor listed."""
    return [number for number in TINY.findall(text) if number not in QUANTITIES]


def printed(outputs: list[dict]) -> str:
    """The text of a notebook's outputs."""
    return "\n".join("".join(output.get("text", "")) for output in outputs)


def test_numbers_at_the_start_of_a_line_and_in_tables_are_noticed():
    """Negative control: as notebooks and pages hold them."""
    assert tiny(printed([{"text": ["a\n", "9.7e-08\n"]}])) == ["9.7e-08"]
    table = "<table><tr><td>1</td><td>9.7e-08</td></tr></table>"
    text = BeautifulSoup(table, "html.parser").get_text(" ")
    assert tiny(text) == ["9.7e-08"]


def test_the_built_site_prints_none(site):
    """The text of every page, with outputs, tables and records, has no such digits."""
    texts = {
        str(path.relative_to(site)): BeautifulSoup(
            path.read_text("utf8"), "html.parser"
        ).get_text(" ")
        for path in site.rglob("*.html")
    }
    assert len(texts) > 70
    assert {path: tiny(texts[path]) for path in texts if tiny(texts[path])} == {}
    joined = " ".join(texts.values())
    assert [number for number in QUANTITIES if number not in joined] == []


def test_notebooks_and_the_readme_print_none(site):
    """Neither the stored outputs of cells nor the README have such digits."""
    for path in [*site.rglob("*.ipynb"), *ROOT.glob("docs/labs/*.ipynb")]:
        cells = json.loads(path.read_text("utf8"))["cells"]
        outputs = [
            output
            for cell in cells
            if cell["cell_type"] == "code"
            for output in cell["outputs"]
        ]
        assert tiny(printed(outputs)) == [], path
    assert tiny((ROOT / "README.md").read_text("utf8")) == []


@pytest.mark.parametrize(
    "text",
    ["difference 9.7e-08", "1.2e-16", "-3e-17 left", "0.00000012", "8.9e-10)", "4e-07"],
)
def test_digits_of_a_rounding_error_are_noticed(text):
    """Negative control: as the pages printed them."""
    assert len(tiny(text)) == 1


@pytest.mark.parametrize(
    "text",
    ["below 1e-10", "2.4e-02", "0.000001", "0.000000", "0e+00", "1e-06", "2.07e-13",
     "7.47e-06", "torch 2.13.0"],
)  # fmt: skip
def test_bounds_and_quantities_are_left_alone(text):
    """Powers of ten, what is large enough, and what is listed."""
    assert tiny(text) == []


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (6.9e-18, "0"),
        ([-9.3e-10, -0.01, 0.01], "0 (95% interval -0.01 to 0.01)"),
        (2e-6, "2e-06"),
    ],
)
def test_a_recorded_rounding_error_is_printed_as_zero(value, printed):
    """Its digits differ between processors."""
    assert format_value(value) == printed
