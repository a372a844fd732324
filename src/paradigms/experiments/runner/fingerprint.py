"""The fingerprint of an experiment: a hash over what its code means.

It covers `run` and `CONFIG`, and every definition of this package that they reach, each
as a syntax tree without comments, docstrings, annotations, error messages and
positions.  A name that stands for another definition is replaced by a number, in the
order in which definitions are reached; so are local variables.  A comment, a
reformatting, a moved or renamed definition and a changed import line therefore change
nothing; a changed number, operator, order of statements or default does.  Attributes
and parameters keep their names, since keywords and other libraries refer to them.

Libraries are no part of it: a record has their versions.  Data are, as each module of
data holds the hash of its file.
"""

import ast
import builtins
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[2]
ROOTS = ("run", "CONFIG")

Key = tuple[str, str]  # module and name of a definition
Spelling = list[str | Key]  # a definition: text, and what it refers to

# Names whose meaning a syntax tree does not show.
_OPAQUE = {"__file__", "__name__", "__doc__", "globals", "locals", "eval", "exec"}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
# Fields that do not change a row.
_IGNORED = {
    "annotation",
    "returns",
    "ctx",
    "kind",
    "msg",
    "type_comment",
    "type_params",
}
# Fields of a syntax tree that hold the name of a variable.
_VARIABLES = {
    (ast.Name, "id"),
    (ast.FunctionDef, "name"),
    (ast.AsyncFunctionDef, "name"),
    (ast.ClassDef, "name"),
    (ast.ExceptHandler, "name"),
    (ast.MatchAs, "name"),
    (ast.MatchStar, "name"),
    (ast.MatchMapping, "rest"),
    (ast.Nonlocal, "names"),
}


def fingerprint(module: str, package: Path = PACKAGE) -> str:
    """16 hexadecimal digits over `run` and `CONFIG` of a module, and what they reach.

    `module` is dotted, below the package: `experiments.cache`.
    Errors: ValueError, with file and line, for code whose meaning a syntax tree does
    not show: imports inside functions, `import *`, `eval`, `__file__` and the like.
    """
    order = {(module, name): number for number, name in enumerate(ROOTS)}
    pending = list(order)
    text = []
    for home, name in pending:  # grows
        for part in _module(package, home).spelling(name):
            if isinstance(part, tuple):
                if part not in order:
                    order[part] = len(order)
                    pending.append(part)
                text.append(f"#{order[part]}")
            else:
                text.append(part)
        text.append("\n")
    return hashlib.sha256("\0".join(text).encode()).hexdigest()[:16]


@dataclass
class Module:
    """The statements at the top of one file.

    `names`: name -> the statements that bind or change it; `effects`: statements that
    bind none, part of every definition; `imports`: name -> what it stands for, dotted.
    """

    name: str
    package: Path
    names: dict[str, list[ast.stmt]] = field(default_factory=dict)
    effects: list[ast.stmt] = field(default_factory=list)
    imports: dict[str, str] = field(default_factory=dict)
    spellings: dict[str, Spelling] = field(default_factory=dict)

    def spelling(self, name: str) -> Spelling:
        """All statements that bind a name or none, in their order."""
        if name not in self.names:
            raise ValueError(f"paradigms.{self.name} has no {name!r}")
        if name not in self.spellings:
            statements = [*self.names[name], *self.effects]
            statements.sort(key=lambda statement: statement.lineno)
            self.spellings[name] = [
                part for s in statements for part in _Speller(self, s).parts
            ]
        return self.spellings[name]

    def resolve(self, dotted: str) -> tuple[list[Key], str]:
        """The definitions that a dotted path reaches, and the rest of the path.

        A module stands for all of its definitions; another library for none.
        """
        head, *rest = dotted.split(".")
        if head != "paradigms":
            return [], dotted
        module = ""
        while rest and _path(self.package, f"{module}.{rest[0]}".strip(".")):
            module = f"{module}.{rest.pop(0)}".strip(".")
        target = _module(self.package, module)
        if not rest:
            return [(module, name) for name in target.names], ""
        name, *attributes = rest
        if name in target.imports:  # re-exported
            return self.resolve(".".join([target.imports[name], *attributes]))
        return [(module, name)], ".".join(["", *attributes])


def _module(package: Path, name: str) -> Module:
    path = _path(package, name)
    if path is None:
        raise ValueError(f"there is no module {name!r} in {package}")
    return _parsed(package, name, path, path.read_text(encoding="utf8"))


@cache
def _parsed(package: Path, name: str, path: Path, text: str) -> Module:
    module, tree = Module(name, package), ast.parse(text)
    _check(tree, path)
    for statement in _without_docstring(tree.body):
        if isinstance(statement, ast.Import | ast.ImportFrom):
            module.imports |= _imported(statement)
        elif bound_names := dict.fromkeys(_bound(statement)):
            for bound_name in bound_names:
                module.names.setdefault(bound_name, []).append(statement)
        else:
            module.effects.append(statement)
    return module


def _path(package: Path, name: str) -> Path | None:
    stem = package.joinpath(*name.split("."))
    files = (stem.with_suffix(".py"), stem / "__init__.py")
    return next((file for file in files if file.is_file()), None)


def _check(tree: ast.Module, path: Path) -> None:
    for node in ast.walk(tree):
        problem = None
        if isinstance(node, ast.Name) and node.id in _OPAQUE:
            problem = node.id
        elif isinstance(node, ast.Import | ast.ImportFrom) and node not in tree.body:
            problem = "an import inside a function or a block"
        elif isinstance(node, ast.ImportFrom) and (
            node.level or node.names[0].name == "*"
        ):
            problem = "a relative import or import *"
        if problem:
            raise ValueError(
                f"{path}:{node.lineno}: {problem}: a fingerprint cannot tell what it "  # type: ignore[attr-defined]
                "reaches; import by name at the top of the file"
            )


def _imported(statement: ast.Import | ast.ImportFrom) -> dict[str, str]:
    """What each name stands for; `import torch.nn` binds `torch`."""
    if isinstance(statement, ast.ImportFrom):
        return {
            a.asname or a.name: f"{statement.module}.{a.name}" for a in statement.names
        }
    heads = {a.name.partition(".")[0] for a in statement.names if not a.asname}
    return {head: head for head in heads} | {
        a.asname: a.name for a in statement.names if a.asname
    }


def _bound(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement at the top of a module binds or changes."""
    if isinstance(statement, (*_FUNCTIONS, ast.ClassDef)):
        yield statement.name
    elif isinstance(statement, ast.Assign | ast.Delete):
        for target in statement.targets:
            yield from _bases(target)
    elif isinstance(statement, ast.AnnAssign | ast.AugAssign | ast.For):
        yield from _bases(statement.target)
    elif isinstance(statement, ast.With):
        for item in statement.items:
            yield from _bases(item.optional_vars) if item.optional_vars else ()
    for block in ("body", "orelse", "finalbody", "handlers"):
        if not isinstance(statement, (*_FUNCTIONS, ast.ClassDef)):
            for inner in getattr(statement, block, []):
                yield from _bound(inner)


def _bases(target: ast.expr) -> Iterator[str]:
    """`x` of `x`, `x.y` and `x[0]`; each of a tuple."""
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Tuple | ast.List):
        for element in target.elts:
            yield from _bases(element)
    elif isinstance(target, ast.Attribute | ast.Subscript | ast.Starred):
        yield from _bases(target.value)


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    match body:
        case [ast.Expr(value=ast.Constant(value=str())), *rest]:
            return rest
    return body


class _Speller:
    """Serialises a statement at the top of a module: `parts`, text and references."""

    def __init__(self, module: Module, statement: ast.stmt) -> None:
        self.module, self.statement = module, statement
        local, fixed = _scopes(statement)
        module_names = {*module.names, *module.imports, *dir(builtins)}
        self.numbered = local - fixed - module_names
        self.shadowing = local | fixed
        self.numbers: dict[str, int] = {}
        self.parts: Spelling = []
        self._node(statement, in_class=False)

    def _node(self, node: ast.AST, in_class: bool) -> None:
        if isinstance(node, ast.Name | ast.Attribute) and self._reference(node):
            return
        if isinstance(node, ast.AnnAssign) and not in_class:
            if node.value is None:
                return  # an annotation only
            node = ast.Assign(targets=[node.target], value=node.value)
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            node = ast.Raise(exc=node.exc.func)
        self.parts.append(f"({type(node).__name__}")
        for name, value in ast.iter_fields(node):
            if name in _IGNORED or value is None or value == []:
                continue
            if name == "body" and isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
                value = _without_docstring(value) or [ast.Pass()]
            self.parts.append(name)
            self._value(node, name, value)
        self.parts.append(")")

    def _value(self, node: ast.AST, name: str, value: object) -> None:
        if isinstance(value, list):
            self.parts.append("[")
            for item in value:
                self._value(node, name, item)
            self.parts.append("]")
        elif isinstance(value, ast.AST):
            self._node(value, isinstance(node, ast.ClassDef))
        elif node is self.statement and name == "name":
            pass  # the definition's own name
        elif (type(node), name) in _VARIABLES and value in self.numbered:
            number = self.numbers.setdefault(str(value), len(self.numbers))
            self.parts.append(f"%{number}")
        else:
            self.parts.append(repr(value))

    def _reference(self, node: ast.Name | ast.Attribute) -> bool:
        """Serialises a name that the module binds or imports, with its attributes."""
        attributes: list[str] = []
        base: ast.expr = node
        while isinstance(base, ast.Attribute):
            attributes.insert(0, base.attr)
            base = base.value
        if not isinstance(base, ast.Name):
            return False
        if base.id in self.module.names:
            keys: list[Key] = [(self.module.name, base.id)]
            rest = ".".join(["", *attributes])
        elif base.id in self.module.imports:
            path = ".".join([self.module.imports[base.id], *attributes])
            keys, rest = self.module.resolve(path)
        else:
            return False
        # A parameter or variable of that name may be meant: then the name counts, too.
        if base.id in self.shadowing and base.id not in _bound(self.statement):
            self.parts.append(base.id)
        self.parts.extend([*keys, rest])
        return True


def _scopes(statement: ast.stmt) -> tuple[set[str], set[str]]:
    """Names bound in functions, and names that keep their spelling.

    The latter are parameters, members of classes, and what the top of a module binds.
    """
    local: set[str] = set()
    fixed: set[str] = set()

    def visit(node: ast.AST, names: set[str]) -> None:
        inner = names
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                fixed.update(arg.arg for arg in _arguments(node.args))
                inner = local
            case ast.ClassDef():
                inner = fixed
            case ast.Global():
                fixed.update(node.names)
        if any(isinstance(node, kind) for kind in _COMPREHENSIONS):
            inner = local
        for name, value in ast.iter_fields(node):
            stored = not isinstance(getattr(node, "ctx", None), ast.Load)
            if stored and isinstance(value, str) and (type(node), name) in _VARIABLES:
                names.add(value)
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    visit(child, inner)

    visit(statement, fixed)
    return local, fixed


def _arguments(arguments: ast.arguments) -> list[ast.arg]:
    plain = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return plain + [arg for arg in (arguments.vararg, arguments.kwarg) if arg]
