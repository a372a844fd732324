"""Printed output is compared as text and numbers, by one rule everywhere."""

import json
from decimal import Decimal

import pytest

from paradigms.site.outputs import difference, tolerance
from tests.conftest import nbval
from tests.site.fences.test_fences import run_pytest
from tests.site.test_notebooks import block, failures, of

EQUAL = {
    "one unit of the last digit": ("0.87 nats", "0.88 nats"),
    "binary fractions that are one unit apart": ("1.32", "1.33"),
    "one unit that is a tenth": ("0.9", "1.0"),
    "one unit below": ("-2.10", "-2.11"),
    "a longer number in the same columns": (" 9.99 nats", "10.00 nats"),
    "a longer number without columns": ("loss 9.99", "loss 10.00"),
    "a zero with and without its sign": ("-0.00", " 0.00"),
    "an exponent": ("9.9e-08", "1.0e-07"),
    "a unit behind the number": ("1.5GB", "1.6GB"),
    "the end of a sentence": ("It is 0.95.", "It is 0.96."),
}
UNEQUAL = {
    "two units": ("0.87 nats", "0.89 nats"),
    "one unit that is a ninth": ("0.8", "0.9"),
    "one unit that is half": ("0.1", "0.2"),
    "one unit above zero": ("0.00", "0.01"),
    "one unit of the only digit before an exponent": ("1e+04", "2e+04"),
    "a swapped sign": ("+0.3", "-0.3"),
    "a swapped sign of one digit": ("0.1", "-0.1"),
    "a minus that is text": ("x-0.5", "x+0.5"),
    "an order of magnitude": ("1.2e-03", "1.2e-04"),
    "an order of magnitude in one digit": ("1e-07", "1e-08"),
    "many orders of magnitude": ("1e+05", "2e-09"),
    "a hash": ("7e12abc", "8e12abc"),
    "a moved point": ("12.3", "1.23"),
    "another number of digits": ("0.50", "0.5"),
    "a count": ("5 of 7", "5 of 8"),
    "a count with separators": ("1,396,224", "1,396,225"),
    "a negative count": ("-1", "1"),
    "a version": ("torch 2.13.0", "torch 2.14.0"),
    "a word": ("the 0.5", "a 0.5"),
    "a case": ("True", "true"),
    "a missing number": ("0.5 0.6", "0.5"),
    "a number for nan": ("0.5", "nan"),
    "a missing line": ("a\nb", "a"),
    "a further line": ("a", "a\n"),
    "lines swapped": ("0.1\n0.5", "0.5\n0.1"),
    "spaces between words": ("a  b", "a b"),
    "an indentation": ("  0.5", "0.5"),
}


@pytest.mark.parametrize("case", EQUAL)
def test_rounding_in_the_last_digit_is_allowed(case):
    """In both directions: processors differ there."""
    one, other = EQUAL[case]
    assert difference(one, other) is None
    assert difference(other, one) is None


@pytest.mark.parametrize("case", UNEQUAL)
def test_everything_else_is_noticed(case):
    """In both directions, and with a tolerance too small for it."""
    one, other = UNEQUAL[case]
    for allowed_error in (Decimal(0), Decimal("1e-12")):
        assert difference(one, other, allowed_error)
        assert difference(other, one, allowed_error)


def test_the_first_line_that_differs_is_named():
    """Its number, and both versions."""
    assert difference("a\n0.5\nb", "a\n0.7\nc") == (
        "line 2: expected '0.5', printed '0.7'"
    )


def test_a_tolerance_is_stated_in_the_code():
    """It widens the unit, never narrows it, and leaves counts exact."""
    allowed_error = tolerance("x = 1\n# output within 0.05: a sample of 100\nprint(x)")
    assert allowed_error == Decimal("0.05")
    assert difference("0.300", "0.350", allowed_error) is None
    assert difference("0.300", "0.351", allowed_error)
    assert difference("1.5", "1.6", allowed_error) is None  # one unit
    assert difference("3", "4", Decimal(2))
    assert tolerance("print('# output within 3')") == 0
    for comment in (
        "#output within 3",
        "print(x)  # output within 3",
        "    # output within 3",
    ):
        assert tolerance(comment) == 3
    assert tolerance("x = 1") == 0


@pytest.mark.parametrize("stated", ["0", "-0.1", "much", "1e-3x", "0.0"])
def test_a_tolerance_that_is_no_positive_number_is_refused(stated):
    """A tolerance that cannot be read would be ignored."""
    with pytest.raises(ValueError, match=f"# output within {stated}: write a positive"):
        tolerance(f"# output within {stated}")


STATED = "# output within 0.05\n"
CASES = {  # code, shown output, and whether they are equal
    "one unit": ("print(0.88)", "0.87", True),
    "two units": ("print(0.89)", "0.87", False),
    "a swapped sign": ("print(-0.87)", "0.87", False),
    "an order of magnitude": ("print('1.0e-07')", "1.0e-06", False),
    "a missing line": ("print(0.87)", "0.87\n0.88", False),
    "within the tolerance": (STATED + "print(0.91)", "0.87", True),
    "beyond the tolerance": (STATED + "print(0.93)", "0.87", False),
}


@pytest.mark.parametrize("case", CASES)
def test_an_exported_notebook_is_compared_so(case):
    """The notebook that readers download, run in one namespace."""
    code, expected, equal = CASES[case]
    assert (not failures(of("# A\n" + block(code, expected)))) == equal


def test_a_page_is_compared_so(tmp_path):
    """A page for each case: those whose output differs fail, and no other."""
    for number, (code, expected, _) in enumerate(CASES.values()):
        (tmp_path / f"{number}.md").write_text("# A\n" + block(code, expected))
    report = run_pytest(tmp_path, str(tmp_path))
    for number, (_, _, equal) in enumerate(CASES.values()):
        assert (f"FAILED {number}.md" in report) != equal, report


def test_a_lab_is_compared_so(tmp_path):
    """The same in Jupyter's kernel, a cell for each case."""
    blocks = [block(code, expected) for code, expected, _ in CASES.values()]
    (tmp_path / "lab.ipynb").write_text(json.dumps(of("# A\n" + "".join(blocks))))
    report = nbval(tmp_path, "lab.ipynb").stdout
    for number, (_, _, equal) in enumerate(CASES.values()):
        assert (f"FAILED lab.ipynb::Cell {number}" in report) != equal, report


@pytest.mark.parametrize(("shown", "equal"), [("0.87", True), ("0.90", False)])
def test_the_value_of_a_cell_is_compared_so(tmp_path, shown, equal):
    """What a cell evaluates to, without a print."""
    lab = of("# A\n" + block("0.88"))
    data = {"text/plain": shown}
    cell = next(cell for cell in lab["cells"] if cell["cell_type"] == "code")
    cell["outputs"] = [
        {
            "output_type": "execute_result",
            "execution_count": 1,
            "metadata": {},
            "data": data,
        }
    ]
    (tmp_path / "lab.ipynb").write_text(json.dumps(lab))
    assert (nbval(tmp_path, "lab.ipynb").returncode == 0) == equal
