"""Source code read from its file, so that what a page shows cannot go stale."""

import ast
import difflib
import textwrap
from typing import Any

from paradigms._files import PACKAGE
from paradigms._schema import ContentError
from paradigms.site.content.files import read_text

Defined = ast.ClassDef | ast.FunctionDef


def source(address: str) -> str:
    """The source of an object, `models.gpt:GPT`, without docstring or indent.

    Errors: ContentError if there is none.
    """
    file = PACKAGE.parent / file_path(address).removeprefix("src/")
    if not file.is_file():
        raise ContentError(f"of: there is no file {file_path(address)}")
    text = read_text(file)
    node: Any = ast.parse(text)
    for name in object_name(address).split("."):
        parts = {n: part for part in getattr(node, "body", []) for n in _names(part)}
        if name not in parts:
            available = ", ".join(parts) or "nothing"
            raise ContentError(
                f"of: {file_path(address)} has no {name!r} there, but {available}"
            )
        node = parts[name]
    decorators = [d.lineno for d in getattr(node, "decorator_list", [])]
    first = min([node.lineno, *decorators])
    lines = dict(enumerate(text.splitlines(), 1))
    docstring = range(0)
    if isinstance(node, Defined) and ast.get_docstring(node) is not None:
        first_statement = node.body[0]
        last = first_statement.end_lineno or first_statement.lineno
        docstring = range(first_statement.lineno, last + 1)
    numbers = (n for n in range(first, node.end_lineno + 1) if n not in docstring)
    body = "\n".join(lines[n] for n in numbers)
    return textwrap.dedent(body).strip() + "\n"


def diff(before: str, after: str) -> str:
    """The lines that differ, with - and +. Errors: ContentError if there are none."""
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), lineterm="", n=0
    )
    changes = [line for line in lines if not line.startswith(("---", "+++", "@@"))]
    if not changes:
        raise ContentError("against: the two are equal, there is nothing to show")
    return "\n".join(changes) + "\n"


def _names(node: ast.stmt) -> list[str]:
    """The names that a statement defines: a class, a function, a constant."""
    if isinstance(node, Defined):
        return [node.name]
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign):
        targets = [node.target]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def file_path(address: str) -> str:
    """The file of an object: `models.gpt:GPT` -> `src/paradigms/models/gpt.py`."""
    return f"src/paradigms/{address.partition(':')[0].replace('.', '/')}.py"


def object_name(address: str) -> str:
    """The name of an object in its file."""
    return address.partition(":")[2]
