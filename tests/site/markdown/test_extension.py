"""The Markdown extension: recorded numbers with and without interval, formulas."""

import re
from collections import Counter
from typing import Any

import pytest
from markdown import Markdown
from markdown.blockprocessors import HashHeaderProcessor

from paradigms._schema import ContentError
from paradigms.site.content.pages import abbreviations
from paradigms.site.markdown import extension, recorded_numbers

ADDRESS = "transfer/word counts/at 50"
FOUND = {
    ADDRESS: [0.82, 0.79, 0.85],
    "a/narrow/x": [1.9312, 1.9009, 1.9615],
    "a/wide/x": [28.272, 25.76, 30.783],
    "a/level/x": [-0.0001, -0.0123, 0.0121],
    "a/large/x": [16000.4, 15000.0, 17000.8],
    "a/none/x": [0.0, 0.0, 0.0],
    "a/fixed/x": [4.60517, 4.60517, 4.60517],
    "a/counted/x": 4,
    "a/rare/x": 0.0084,
    "a/few/x": [0.0128, 0.0108, 0.0148],
    "a/nearly/x": 0.9998,
    "a/word/x": "yes",
}


@pytest.fixture
def page(monkeypatch) -> Markdown:
    """Markdown with tables, as inside generated HTML, and the values of FOUND."""
    monkeypatch.setattr(recorded_numbers, "value_at", FOUND.__getitem__)
    monkeypatch.setattr(
        recorded_numbers, "quote", lambda at, **_: f"{FOUND[at][0]:.3g}"
    )
    return Markdown(extensions=["tables", extension.makeExtension()])


def test_an_abbreviation_costs_no_further_pass_over_a_page(page, monkeypatch):
    """Markdown looks for headings in each block of a page once.

    Negative control: definitions at the end of the page cost a pass each.
    """
    passes = Counter[str]()

    def counted(self: Any, parent: Any, block: str) -> bool:
        passes["of this page"] += 1
        return real(self, parent, block)

    real = HashHeaderProcessor.test
    monkeypatch.setattr(HashHeaderProcessor, "test", counted)
    text = "BERT is an encoder.\n\nGPT is not."
    html = page.convert(text)
    assert f'<abbr title="{abbreviations()["BERT"]}">BERT</abbr>' in html
    assert passes.pop("of this page") == 2

    definitions = (f"*[{short}]: {long}" for short, long in abbreviations().items())
    page.convert("\n".join([text, "", *definitions]))
    assert passes["of this page"] >= len(abbreviations())


def test_a_number_is_printed_bare_or_with_its_interval(page):
    """Both linked to the record; the interval only where it is asked for."""
    html = page.convert(f"It errs [={ADDRESS}].")
    assert 'href="reference/evidence/transfer.md#word-counts">0.82</a>' in html
    interval_html = page.convert(f"It errs [={ADDRESS}|interval].")
    assert (
        'href="reference/evidence/transfer.md#word-counts">0.820 (0.790 to 0.850)</a>'
        in interval_html
    )


@pytest.mark.parametrize("bar", ["|", r"\|"])
def test_the_bar_ends_no_cell(page, bar):
    """In a table, bare and escaped, the row still has two complete cells."""
    row = f"| a | [={ADDRESS}{bar}interval] |"
    html = page.convert(f"| x | y |\n|---|---|\n{row}")
    assert html.count("<td>") == 2
    assert "0.820 (0.790 to 0.850)" in html
    assert "[=" not in html


def test_bars_elsewhere_are_left_alone(page):
    """A table of other cells, and a line that is no row."""
    rows = ["| [x](y) | [=a/b/c] |", f"no row [={ADDRESS}|interval]"]
    assert recorded_numbers.Bars(page).run(rows) == rows


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("a/narrow/x", "1.93 (1.90 to 1.96)"),
        ("a/wide/x", "28.3 (25.8 to 30.8)"),
        ("a/level/x", "0.000 (-0.012 to 0.012)"),
        ("a/large/x", "16,000 (15,000 to 17,001)"),
        ("a/none/x", "0 (0 to 0)"),
        ("a/fixed/x", "4.61 (4.61 to 4.61)"),
    ],
)
@pytest.mark.usefixtures("page")
def test_an_interval_has_the_places_that_it_is_worth(address, expected):
    """Two digits of half its width, at most three of the mean, no minus before zero."""
    assert recorded_numbers.mean_and_interval(address) == expected


@pytest.mark.parametrize(
    ("source", "message"),
    [("a/counted/x|interval", "has no interval: 4"), (f"{ADDRESS}|both", "'both'")],
)
def test_what_has_no_interval_or_form_is_an_error(page, source, message):
    """A value without interval and an unknown form both raise an error."""
    with pytest.raises(ContentError, match=message):
        page.convert(f"[={source}]")


def test_a_count_is_written_in_millions(page):
    """Only a whole number can be written in millions, not an interval."""
    assert ">0.0<" in page.convert("[=a/counted/x|millions]")
    with pytest.raises(ContentError, match="no number to count in millions"):
        page.convert(f"[={ADDRESS}|millions]")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (f"{ADDRESS}|percent", "82%"),
        (f"{ADDRESS}|percent_interval", "82.0% (79.0% to 85.0%)"),
        (f"{ADDRESS}|points_interval", "82.0 (79.0 to 85.0)"),
        ("a/rare/x|percent", "0.84%"),
        ("a/few/x|percent", "1.3%"),
        ("a/nearly/x|percent", "99.98%"),
        ("a/none/x|percent", "0%"),
    ],
)
@pytest.mark.usefixtures("page")
def test_a_share_is_written_in_percent(source, expected):
    """Two digits, but 100% only if it is; a difference counts percentage points."""
    assert recorded_numbers.format_number(source) == expected


@pytest.mark.parametrize("form", ["percent", "percent_interval"])
@pytest.mark.parametrize(("row", "value"), [("word", "'yes'"), ("counted", "4")])
def test_a_share_lies_between_0_and_1(page, form, row, value):
    """Neither a word nor a count is written in percent."""
    message = f"'a/{row}/x' is no share between 0 and 1, to print in percent: {value}"
    with pytest.raises(ContentError, match=re.escape(message)):
        page.convert(f"[=a/{row}/x|{form}]")


def as_html(text: str) -> str:
    """The HTML of Markdown with formulas, as on a page."""
    md = Markdown(
        extensions=["pymdownx.arithmatex", "paradigms.site.markdown.extension"],
        extension_configs={"pymdownx.arithmatex": {"generic": True}},
    )
    return md.convert(text)


@pytest.mark.parametrize(
    ("tex", "boxes", "breaks"),
    [("a = b + c", 1, 2), ("f(x = y) - [k = y]", 1, 1), ("x = -a", 1, 1),
     ("-a \\le b^+", 1, 1), ("\\sum_{i \\in H} -a_{i}", 0, 0),
     ("a, \\qquad b = -1", 2, 1), ("\\quad a", 0, 0), ("\\frac{a = b}{c}", 0, 0)],
)  # fmt: skip
def test_a_long_formula_can_be_broken(tex, boxes, breaks):
    """It breaks before relations and signs outside brackets, for narrow screens."""
    html = as_html(f"$${tex}$$")
    assert html.count("<span>") == boxes
    assert html.count("<wbr>") == breaks
    assert html.count("<math") == max(boxes, 1) + breaks


@pytest.mark.parametrize(
    ("tex", "spaces"),
    [("2 \\log N", 2), ("f(x) \\log N", 2), ("- \\log N", 1), ("\\log (x)", 0),
     ("\\log_2 N", 0), ("x + N", 0)],
)  # fmt: skip
def test_a_logarithm_stands_apart(tex, spaces):
    """As in TeX, space separates it from factor and argument, but no parenthesis."""
    assert as_html(f"${tex}$").count("<mspace") == spaces


def test_a_stop_stays_with_its_formula():
    """The line breaks behind the stop, not before it; words and lines break as ever."""
    html = as_html("Of $x$: two, $y$ and ($z$).\n\n$$w$$")
    assert "</math>:</span> two, " in html
    assert "</math></span> and (" in html
    assert "</math>).</span></p>" in html
    assert "</math></div>" in html


@pytest.mark.parametrize(("tex", "raised"), [("P'(Y)", 0), ("P^2(Y)", 1)])
def test_a_prime_is_as_large_as_a_letter(tex, raised):
    """It is not set as an exponent, which was too small on phones and on paper."""
    assert as_html(f"${tex}$").count("<msup>") == raised
