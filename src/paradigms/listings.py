"""Source code on a page, read from the file itself, so that it cannot go stale."""

import ast
import difflib
import textwrap
from html import escape
from pathlib import Path
from typing import Any

from pydantic import Field
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import DiffLexer, PythonLexer

from paradigms.page import Page
from paradigms.snippets import ContentError, Entry

PACKAGE = Path(__file__).parent
Defined = ast.ClassDef | ast.FunctionDef
LONGEST = 30  # lines that a reader still reads


class Listing(Entry):
    """The body of a `code` fence: what to show, and what to show it against.

    `of` names an object, `models.gpt:GPT.forward`; its docstring is left out.
    With `against` only the lines in which the two differ are shown.
    """

    of: str
    against: str = ""
    caption: str = Field(default="", max_length=200)

    def render(self, page: Page) -> str:
        """A highlighted block under the name of its file."""
        text = source(self.of)
        title = f"{_path(self.of)}: {_inside(self.of)}"
        lexer = PythonLexer()
        if self.against:
            title = f"{_inside(self.against)} (−) against {_inside(self.of)} (+)"
            text, lexer = changes(source(self.against), text), DiffLexer()
        if text.count("\n") > LONGEST:
            raise ContentError(
                f"of: {self.of} shows {text.count(chr(10))} lines, at most {LONGEST} "
                "are read; name a smaller part"
            )
        caption = f"<p>{page.inline(self.caption)}</p>" if self.caption else ""
        code = highlight(text, lexer, HtmlFormatter(nowrap=True))
        return (
            f'<div class="highlight" data-search-exclude><span class="filename">'
            f"{escape(title)}</span><pre><code>{code}</code></pre></div>{caption}"
        )


def source(of: str) -> str:
    """The text of an object without docstring and indent. Errors: ContentError."""
    path = PACKAGE.parent / _path(of).removeprefix("src/")
    if not path.is_file():
        raise ContentError(f"of: there is no file {_path(of)}")
    text = path.read_text(encoding="utf8")
    node: Any = ast.parse(text)
    for name in _inside(of).split("."):
        parts = {n: part for part in getattr(node, "body", []) for n in _names(part)}
        if name not in parts:
            known = ", ".join(parts) or "nothing"
            raise ContentError(f"of: {_path(of)} has no {name!r} there, but {known}")
        node = parts[name]
    decorators = [d.lineno for d in getattr(node, "decorator_list", [])]
    first = min([node.lineno, *decorators])
    lines = dict(enumerate(text.splitlines(), 1))
    dropped = range(0)
    if isinstance(node, Defined) and ast.get_docstring(node) is not None:
        dropped = range(node.body[0].lineno, node.body[0].end_lineno + 1)
    kept = (n for n in range(first, node.end_lineno + 1) if n not in dropped)
    body = "\n".join(lines[n] for n in kept)
    return textwrap.dedent(body).strip() + "\n"


def changes(before: str, after: str) -> str:
    """The lines that differ, marked with - and +. Errors: ContentError for none."""
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), lineterm="", n=0
    )
    kept = [line for line in lines if not line.startswith(("---", "+++", "@@"))]
    if not kept:
        raise ContentError("against: the two are equal, there is nothing to show")
    return "\n".join(kept) + "\n"


def _names(node: ast.stmt) -> list[str]:
    """The names that a statement defines: a class, a function, a constant."""
    if isinstance(node, Defined):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _path(of: str) -> str:
    return f"src/paradigms/{of.partition(':')[0].replace('.', '/')}.py"


def _inside(of: str) -> str:
    return of.partition(":")[2]
