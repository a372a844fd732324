"""Whiteboard answers: shown as code or formulas, and the code does what is asked."""

import re
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO

import pytest
import torch
from bs4 import BeautifulSoup, Tag
from pydantic import ValidationError

from paradigms.site.content.questions import (
    Bug,
    Question,
    board_problems,
    bug_problems,
    questions,
    topic_places,
)
from paradigms.site.exports import notebook
from tests.conftest import PHONE
from tests.mutants import mutants
from tests.site.boards import check_of
from tests.site.boards.board import Board

pytestmark = pytest.mark.usefixtures("one_thread")

# Mutants that are right: a constant is added to all scores; a random number equals a
# chance, which never happens.
SAME = {
    **{"decoding-beam": 1, "semisupervised-mixture": 1, "bert-corrupt-code": 1},
    "masked-diffusion-weight": 1,
    "cost-speculative": 1,
}
WITH_CODE = [key for key, entry in questions().items() if entry.code]


def _bugs(key: str) -> list[Bug]:
    return questions()[key].bugs


def check(key: str, code: str) -> None:
    """Run the code and compare what it defines. Errors: any, if it is wrong."""
    scope: dict[str, object] = {}
    with redirect_stdout(StringIO()) as out:
        exec(compile(code, key, "exec"), scope)
    source = questions()[key].code
    check_of(key)(Board(**scope, source=source, printed=out.getvalue()))


def survives(key: str, code: str) -> bool:
    """Whether wrong code passes the check."""
    try:
        check(key, code)
    except (Exception, pytest.fail.Exception):  # wrong code may raise anything
        return False
    return True


def test_every_whiteboard_answer_shows_code_or_a_formula():
    """Without either, with prose alone, it is refused."""
    entries = [entry for entry in questions().values() if entry.kind == "whiteboard"]
    assert all(entry.code or entry.formulas for entry in entries)
    assert sum(bool(entry.code) for entry in entries) > len(entries) / 2
    prose = entries[0].model_copy(update={"code": "", "formulas": []})
    assert board_problems(prose) == [
        "a whiteboard answer shows code or formulas; write one of the two"
    ]
    assert board_problems(prose.model_copy(update={"kind": "concept"})) == []


@pytest.mark.parametrize("key", WITH_CODE)
def test_the_code_does_what_is_asked(key):
    """It runs as it stands, uses all its imports, and gives the reference's result."""
    check(key, questions()[key].code)
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select=F", "-"]
    result = subprocess.run(
        command,
        input=questions()[key].code,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("key", WITH_CODE)
def test_wrong_code_is_noticed(key):
    """Negative control: one operator, number, element or statement is changed."""
    wrong = mutants(questions()[key].code)
    assert len(wrong) >= 3
    unnoticed = [code for code in wrong if survives(key, code)]
    assert len(unnoticed) == SAME.get(key, 0), "\n\n".join(unnoticed)


BUGS = [(key, number) for key in WITH_CODE for number in range(len(_bugs(key)))]


def passes(bug: Bug, code: str, seed: int) -> bool:
    """Whether code passes the check of a bug; it runs in any case."""
    scope: dict[str, object] = {}
    torch.manual_seed(seed)
    with redirect_stdout(StringIO()):
        exec(code, scope)
        try:
            exec(bug.check, scope)
        except Exception:  # of the assertion, or of what the bug leads to
            return False
    return True


@pytest.mark.parametrize(("key", "number"), BUGS)
def test_the_check_reveals_the_bug(key, number):
    """The code passes, and with the bug it runs but does not pass, at any seed."""
    bug, code = _bugs(key)[number], questions()[key].code
    for seed in range(3):
        assert passes(bug, code, seed)
        assert not passes(bug, code.replace(bug.correct, bug.wrong), seed)


def test_there_are_enough_answers_in_code():
    """At least 24, of 5 to 24 lines, each with two or three different bugs."""
    assert len(WITH_CODE) >= 24
    assert all(questions()[key].code.count("\n") >= 4 for key in WITH_CODE)
    assert all(len(_bugs(key)) in (2, 3) for key in WITH_CODE)
    for key in WITH_CODE:
        assert len({(bug.correct, bug.wrong) for bug in _bugs(key)}) == len(_bugs(key))


CODE = "def half(x):\n    return x / 2"
BUG = {
    "symptom": "Everything is twice as large.",
    "correct": "x / 2",
    "wrong": "x",
    "check": "assert half(2) == 1",
}


def test_a_check_that_reveals_nothing_is_noticed():
    """Negative control: a check that any code passes, a check that is itself broken."""
    assert passes(Bug(**BUG), CODE, 0)
    assert not passes(Bug(**BUG), CODE.replace("x / 2", "x"), 0)
    blind = Bug(**BUG | {"check": "assert half(0) == 0"})
    assert passes(blind, CODE.replace("x / 2", "x"), 0)
    assert not passes(Bug(**BUG | {"check": "assert double(1) == 2"}), CODE, 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"correct": "x / 3"}, "correct: 'x / 3' is 0 times in the code, not once"),
        ({"correct": "x"}, "correct: 'x' is 2 times in the code, not once"),
        ({"wrong": "x /"}, "wrong: line 2 is not Python: invalid syntax"),
        ({"wrong": "y" * 51}, "wrong: line 1 has 51 characters, at most 50"),
        ({"check": "half(2) == 1"}, "check: asserts nothing"),
    ],
)
def test_a_bug_that_cannot_be_shown_is_named(change, message):
    """The part is not in the code, the bug is not Python, the check checks nothing."""
    entry = questions()[WITH_CODE[0]]
    bugs = [Bug(**BUG), Bug(**BUG | change)]
    broken = entry.model_copy(update={"code": CODE, "bugs": bugs})
    assert bug_problems(broken) == [f"bugs.1.{message}"]


def test_code_has_two_or_three_bugs():
    """One is too few, and prose has none."""
    entry = questions()[WITH_CODE[0]]
    (one,) = bug_problems(entry.model_copy(update={"bugs": [Bug(**BUG)]}))
    assert one == "has 1 bugs; code has two or three, and only code"
    (none,) = bug_problems(entry.model_copy(update={"code": ""}))
    assert none.endswith("and only code")


def test_a_bug_is_read_without_colours():
    """Comments say what is wrong, what is correct, and what checks it."""
    assert Bug(**BUG | {"correct": "    x / 2"}).listing == (
        "# wrong\nx\n# correct\nx / 2\n# check\nassert half(2) == 1"
    )
    assert Bug(**BUG | {"wrong": ""}).listing.startswith("# wrong: left out\n# correct")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("x = 1\ny = = 2", "line 2 is not Python: invalid syntax"),
        ("x = 1\n" * 25, "has 25 lines; a whiteboard holds 24"),
        ("x = 1\n" + "y" * 51, "line 2 has 51 characters, at most 50"),
    ],
)
def test_code_that_nobody_would_write_is_refused(code, message):
    """Not Python, too long, too wide: the message says the line."""
    entry = questions()[WITH_CODE[0]]
    with pytest.raises(ValidationError, match=re.escape(message)):
        Question.model_validate(entry.model_dump() | {"code": code})


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('kind = "comparison"', 'kind = "whiteboard"',
         "/decoding.toml: decoding-top-k-p: a whiteboard answer shows code or"),
        ("old, done = [", "old, done == = [",
         "snippets/questions/decoding.toml: decoding-beam: code: line 5 is not Python"),
        ("key_points = [", "formulas = ['\\nonsense{x}']\nkey_points = [",
         "snippets/questions: decoding-greedy: formula"),
        ("correct = 'sorted(new)[-b:]'", "correct = 'sorted(new)[:b]'",
         "/decoding.toml: decoding-beam: bugs.1.correct: 'sorted(new)[:b]' is 0 times"),
    ],
)  # fmt: skip
def test_a_mistake_stops_the_build_with_file_and_id(broken, old, new, message):
    """One line: the file, the question and what is wrong."""
    output = broken("snippets/questions/decoding.toml", old, new)
    assert any(message in line for line in output.splitlines()), output


@pytest.fixture(scope="module")
def cards(site) -> dict[str, Tag]:
    """The card of each question on the page of its topic."""
    by_id = {}
    for page in topic_places().values():
        html = (site / page.removesuffix(".md") / "index.html").read_text("utf8")
        cards = BeautifulSoup(html, "html.parser").select("details.question")
        by_id |= {str(card["id"]): card for card in cards}
    return by_id


def test_pages_show_code_and_formulas(cards):
    """Code is highlighted and complete, formulas are MathML, others show neither."""
    for key, entry in questions().items():
        code = cards[key].select("details > .highlight > pre > code")
        bugs = cards[key].select(".bugs li")
        listings = [tag.select_one("pre > code").get_text().strip() for tag in bugs]
        assert listings == [bug.listing for bug in entry.bugs]
        assert all(tag.p.get_text() for tag in bugs)
        assert [tag.get_text().strip() for tag in code] == [entry.code][: len(code)]
        assert len(code) == bool(entry.code)
        assert len(cards[key].select("div.arithmatex math")) >= len(entry.formulas)
        assert len(cards[key].select("div.arithmatex")) == len(entry.formulas)
        assert all(tag.select("span.nf, span.k") for tag in code)


def test_a_notebook_shows_them_too():
    """As Markdown: formulas, then code in a fence."""
    page = '# A\n\n```python\n1\n```\n\n```question\nids = ["{}"]\n```\n'
    entry = questions()["calibration-ece"]
    cells = notebook.cells_of(page.format("calibration-ece"), lambda _: None)
    text = "".join(cell["source"] for cell in cells)
    assert f"$${entry.formulas[0]}$$\n\n```python\n{entry.code}\n```\n" in text
    for bug in entry.bugs:
        assert f"{bug.symptom}\n\n```python\n{bug.listing}\n```\n" in text


def test_on_a_phone_no_line_is_cut_and_the_code_can_be_copied(visit):
    """The block wraps at 360 pixels; its button copies the code as it is."""
    options = {"viewport": PHONE, "permissions": ["clipboard-read", "clipboard-write"]}
    page = visit("practice/decoding/#decoding-beam", **options)
    page.evaluate("document.getElementById('decoding-beam').open = true")
    widths = "e => [e.scrollWidth, e.clientWidth, e.parentElement.scrollWidth]"
    blocks = page.locator("#decoding-beam pre > code")
    assert blocks.count() == 1 + len(_bugs("decoding-beam"))
    for number in range(blocks.count()):
        inner, outer, box = blocks.nth(number).evaluate(widths)
        assert 0 < inner <= outer + 1
        assert box <= PHONE["width"]
    page.locator("#decoding-beam pre button").first.click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == questions()["decoding-beam"].code
