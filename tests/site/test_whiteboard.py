"""Whiteboard answers: shown as code or formulas, and the code does what is asked."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from copy import deepcopy
from io import StringIO
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup, Tag
from pydantic import ValidationError

from paradigms.site.content.questions import (
    Question,
    board_problems,
    questions,
    topic_places,
)
from paradigms.site.exports import notebook
from tests.conftest import PHONE
from tests.site import whiteboard

pytestmark = pytest.mark.usefixtures("one_thread")

# Mutants that are right: a constant is added to all scores.
SAME = {"decoding-beam": 1}
WITH_CODE = [key for key, entry in questions().items() if entry.code]


def check(key: str, code: str) -> None:
    """Run the code and compare what it defines. Errors: any, if it is wrong."""
    scope: dict[str, object] = {}
    with redirect_stdout(StringIO()) as out:
        exec(compile(code, key, "exec"), scope)
    source = questions()[key].code
    board = SimpleNamespace(**scope, source=source, printed=out.getvalue())
    getattr(whiteboard, key.replace("-", "_"))(board)


OTHER: dict[type, type] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.MatMult: ast.Add, ast.Mod: ast.FloorDiv, ast.FloorDiv: ast.Mod,
    ast.Pow: ast.Mult, ast.And: ast.Or, ast.Or: ast.And, ast.BitAnd: ast.BitOr,
}  # fmt: skip


def changed(node: ast.AST) -> Iterator[ast.AST]:
    """The node with another operator or number, or without a part."""
    node = deepcopy(node)
    match node:
        case ast.Compare():
            node.ops[0] = OTHER[type(node.ops[0])]()
            yield node
        case ast.AugAssign() | ast.BinOp() | ast.BoolOp():
            node.op = OTHER[type(node.op)]()
            yield node
        case ast.UnaryOp():
            yield node.operand
        case ast.Constant(value=bool()):
            yield ast.Constant(not node.value)
        case ast.Constant(value=int() | float()):
            yield ast.Constant(node.value + 1)
        case ast.List(elts=[_, *others], ctx=ast.Load()):
            yield ast.List(others, ast.Load())


def left_out(node: ast.AST) -> bool:
    """Whether a mutant leaves out this statement; not a docstring."""
    text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    kinds = ast.Expr | ast.Assign | ast.AugAssign | ast.Assert | ast.Break
    return isinstance(node, kinds) and not text


def mutants(code: str) -> list[str]:
    """The code with one operator, number, element or statement changed, for each."""
    tree = ast.parse(code)
    texts = []
    for number, node in enumerate(ast.walk(tree)):
        others = [*changed(node), *[ast.Pass()] * left_out(node)]
        for other in others:
            copy = deepcopy(tree)
            replace = Replace(list(ast.walk(copy))[number], other)
            texts.append(ast.unparse(ast.fix_missing_locations(replace.visit(copy))))
    return texts


class Replace(ast.NodeTransformer):
    """Replaces one node of a tree."""

    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        """The new node in place of the old one."""
        return self.new if node is self.old else self.generic_visit(node)


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
        ('kind = "concept"', 'kind = "whiteboard"',
         "/decoding.toml: decoding-temperature: a whiteboard answer shows code"),
        ("old, done = [", "old, done == = [",
         "snippets/questions/decoding.toml: decoding-beam: code: line 5 is not Python"),
        ("key_points = [", "formulas = ['\\nonsense{x}']\nkey_points = [",
         "snippets/questions: decoding-greedy: formula"),
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
        code = cards[key].select("pre > code")
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


def test_on_a_phone_no_line_is_cut_and_the_code_can_be_copied(visit):
    """The block wraps at 360 pixels; its button copies the code as it is."""
    options = {"viewport": PHONE, "permissions": ["clipboard-read", "clipboard-write"]}
    page = visit("practice/decoding/#decoding-beam", **options)
    page.evaluate("document.getElementById('decoding-beam').open = true")
    code = page.locator("#decoding-beam pre > code")
    widths = "e => [e.scrollWidth, e.clientWidth, e.parentElement.scrollWidth]"
    inner, outer, box = code.evaluate(widths)
    assert inner <= outer + 1
    assert box <= PHONE["width"]
    page.locator("#decoding-beam pre button").first.click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == questions()["decoding-beam"].code
