"""The fingerprint of an experiment: a hash over what its code means.

It covers `run` and `CONFIG`, and every definition of this package that they reach, each
as a syntax tree without comments, docstrings, annotations, error messages and
positions.  A name that stands for another definition is replaced by a number, in the
order in which definitions are reached; so are local variables.  A comment, a
reformatting, a moved or renamed definition and a changed import line therefore change
nothing; a changed number, operator, order of statements or default does.  Attributes
and parameters keep their names, since keywords and other libraries refer to them.

What a syntax tree does not show is refused: a module may only import, define and
assign, each name once.  Four things stay unseen: functions that a decorator registers
elsewhere, an assignment that changes another value, names of classes that a row prints,
and messages of errors that code reads.

Libraries are no part of it: a record has their versions.  Data are, as each module of
data holds the hash of its file.
"""

import ast
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from paradigms._files import PACKAGE

ROOTS = ("run", "CONFIG")

Key = tuple[str, str]  # module and name of a definition
Spelling = list[str | Key]  # a definition: text, and what it refers to

# What reaches code or names by other ways than a name.
_OPAQUE_NAMES = {"__file__", "__name__", "__doc__", "__import__", "import_module"}
_OPAQUE_NAMES |= {"globals", "locals", "eval", "exec"}
_OPAQUE_ATTRIBUTES = {"__doc__", "__annotations__", "__subclasses__", "__qualname__"}
_OPAQUE_ATTRIBUTES |= {"import_module"}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SCOPES = (*_FUNCTIONS, ast.Lambda, ast.ClassDef, *_COMPREHENSIONS)
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
}


def fingerprint(module: str, package: Path = PACKAGE) -> str:
    """16 hexadecimal digits over `run` and `CONFIG` of a module, and what they reach.

    `module` is dotted, below the package: `experiments.cache`.
    Errors: ValueError, with file and line, for code whose meaning a syntax tree does
    not show.
    """
    return hashlib.sha256("\0".join(_spelling(module, package)).encode()).hexdigest()[
        :16
    ]


def reads_clock(module: str, package: Path = PACKAGE) -> bool:
    """Whether `run` of a module reaches a function of `time`. Errors: the same."""
    return any(part.startswith("time.") for part in _spelling(module, package))


def _spelling(module: str, package: Path) -> list[str]:
    """`run` and `CONFIG` of a module, and what they reach, as text."""
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
    return text


@dataclass
class Module:
    """The definitions at the top of one file.

    `definitions`: name -> the statement that binds it; `imports`: name -> what it
    stands for, dotted.
    """

    name: str
    package: Path
    definitions: dict[str, ast.stmt] = field(default_factory=dict)
    imports: dict[str, str] = field(default_factory=dict)

    def spelling(self, name: str) -> Spelling:
        """A definition as text and references."""
        if name not in self.definitions:
            raise ValueError(f"paradigms.{self.name} has no {name!r}")
        return _Speller(self, self.definitions[name]).parts

    def resolve(self, dotted: str) -> tuple[list[Key], str]:
        """The definition that a dotted path reaches, and the rest of the path.

        None for a path into another library.
        """
        head, *rest = dotted.split(".")
        if head != "paradigms":
            return [], dotted
        module, target = "", _module(self.package, "")
        while rest and _path(self.package, f"{module}.{rest[0]}".strip(".")):
            module = f"{module}.{rest.pop(0)}".strip(".")
            target = _module(self.package, module)
        if not rest:
            raise ValueError(
                f"paradigms.{self.name} uses the module {dotted} as a value: "
                "name what it needs of it"
            )
        name, *attributes = rest
        if name in target.imports:  # re-exported
            return self.resolve(".".join([target.imports[name], *attributes]))
        return [(module, name)], ".".join(["", *attributes])


def _module(package: Path, name: str) -> Module:
    """A parsed module; the packages around it are checked, too: they run before it."""
    if name:
        _module(package, name.rpartition(".")[0])
    path = _path(package, name)
    if path is None:
        raise ValueError(f"there is no module {name!r} in {package}")
    return _parse(package, name, path, path.read_text(encoding="utf8"))


@cache
def _parse(package: Path, name: str, path: Path, text: str) -> Module:
    module, tree = Module(name, package), ast.parse(text)
    _check(tree, path)
    for statement in _without_docstring(tree.body):
        if isinstance(statement, ast.Import | ast.ImportFrom):
            names = _import_targets(statement)
            duplicates = names.keys() & (
                module.imports.keys() | module.definitions.keys()
            )
            module.imports |= names
        else:
            names = dict.fromkeys(_bindings(statement), "")
            duplicates = names.keys() & (
                module.imports.keys() | module.definitions.keys()
            )
            module.definitions |= dict.fromkeys(names, statement)
        if not names or duplicates:
            problem = (
                f"{min(duplicates)} bound twice" if duplicates else "no definition"
            )
            raise _refusal(path, statement, problem)
    return module


def _path(package: Path, name: str) -> Path | None:
    stem = package.joinpath(*name.split("."))
    files = (stem.with_suffix(".py"), stem / "__init__.py")
    return next((file for file in files if file.is_file()), None)


def _check(tree: ast.Module, path: Path) -> None:
    for node in ast.walk(tree):
        problem = None
        match node:
            case ast.Name(name) if name in _OPAQUE_NAMES:
                problem = name
            case ast.Attribute(attr=name) if name in _OPAQUE_ATTRIBUTES:
                problem = name
            case ast.Call(func=ast.Name("vars" | "dir" as name), args=[]):
                problem = f"{name}()"
            case ast.Global():
                problem = "global"
            case ast.Import() | ast.ImportFrom() if node not in tree.body:
                problem = "an import inside a function or a block"
            case (
                ast.ImportFrom(level=1 | 2 | 3) | ast.ImportFrom(names=[ast.alias("*")])
            ):
                problem = "a relative import or import *"
            case ast.Import(names) if any("paradigms" in a.name for a in names):
                problem = "import paradigms"
        if problem:
            raise _refusal(path, node, problem)


def _refusal(path: Path, node: ast.AST, problem: str) -> ValueError:
    return ValueError(
        f"{path}:{getattr(node, 'lineno', 1)}: {problem}: a fingerprint cannot tell "
        "what it reaches; import, define and assign names once, at the top of the file"
    )


def _import_targets(statement: ast.Import | ast.ImportFrom) -> dict[str, str]:
    """What each name stands for; `import torch.nn` binds `torch`."""
    if isinstance(statement, ast.ImportFrom):
        return {
            a.asname or a.name: f"{statement.module}.{a.name}" for a in statement.names
        }
    heads = {a.name.partition(".")[0] for a in statement.names if not a.asname}
    return {head: head for head in heads} | {
        a.asname: a.name for a in statement.names if a.asname
    }


def _bindings(statement: ast.stmt) -> Iterator[str]:
    """The names that a definition or a plain assignment binds; none for others."""
    match statement:
        case ast.FunctionDef(name) | ast.AsyncFunctionDef(name) | ast.ClassDef(name):
            yield name
        case _ if any(isinstance(node, ast.NamedExpr) for node in ast.walk(statement)):
            return
        case ast.AnnAssign(target=ast.Name(name)):
            yield name
        case ast.Assign(targets=[ast.Name(name)]):
            yield name
        case ast.Assign(targets=[ast.Tuple(elements)]):
            names = [e.id for e in elements if isinstance(e, ast.Name)]
            yield from names if len(names) == len(elements) else ()


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    match body:
        case [ast.Expr(value=ast.Constant(value=str())), *rest]:
            return rest
    return body


class _Scope:
    """Names bound in one function, comprehension or class, nested ones left out.

    `variables` are numbered; `spelled` keep their names: parameters, which keywords
    refer to, and members of a class.
    """

    def __init__(self, node: ast.AST) -> None:
        self.is_class = isinstance(node, ast.ClassDef)
        self.spelled: set[str] = set()
        self.numbers: dict[str, int] = {}
        if isinstance(node, (*_FUNCTIONS, ast.Lambda)):
            self.spelled = {arg.arg for arg in _arguments(node.args)}
        inherited: set[str] = set()
        bound: set[str] = set()
        pending = list(ast.iter_child_nodes(node))
        while pending:
            child = pending.pop()
            if isinstance(child, ast.Nonlocal):
                inherited |= set(child.names)
            elif isinstance(child, ast.NamedExpr) and isinstance(node, _COMPREHENSIONS):
                pending.append(child.value)  # := binds in the function around it
                continue
            bound |= _stored(child)
            if isinstance(child, _COMPREHENSIONS):
                bound |= {
                    inner.target.id
                    for inner in ast.walk(child)
                    if isinstance(inner, ast.NamedExpr)
                }
            if not isinstance(child, _SCOPES):
                pending += ast.iter_child_nodes(child)
        bound -= inherited | self.spelled
        self.spelled |= bound if self.is_class else set()
        self.variables = set() if self.is_class else bound


def _stored(node: ast.AST) -> set[str]:
    """The name that a node itself binds, if any."""
    if isinstance(getattr(node, "ctx", None), ast.Load):
        return set()
    fields = [
        name for name, _ in ast.iter_fields(node) if (type(node), name) in _VARIABLES
    ]
    return {value for name in fields if (value := getattr(node, name))}


class _Speller:
    """Serialises a statement at the top of a module: `parts`, text and references."""

    def __init__(self, module: Module, statement: ast.stmt) -> None:
        self.module, self.statement = module, statement
        self.scopes: list[_Scope] = []
        self.count = 0  # of numbered variables
        self.parts: Spelling = []
        self._node(statement)

    def _node(self, node: ast.AST) -> None:
        if isinstance(node, ast.Name | ast.Attribute) and self._reference(node):
            return
        in_class = bool(self.scopes) and self.scopes[-1].is_class
        if isinstance(node, ast.AnnAssign) and not in_class:
            if node.value is None:
                return  # an annotation only
            node = ast.Assign(targets=[node.target], value=node.value)
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            node = ast.Raise(exc=node.exc.func)
        self.parts.append(f"({type(node).__name__}")
        scope = _Scope(node) if isinstance(node, _SCOPES) else None
        for name, value in self._fields(node):
            self.parts.append(name)
            # Decorators, defaults and base classes are evaluated outside.
            if scope and name in ("body", "elt", "key", "value", "generators"):
                self.scopes.append(scope)
                self._value(node, name, value)
                self.scopes.pop()
            else:
                self._value(node, name, value)
        self.parts.append(")")

    def _fields(self, node: ast.AST) -> Iterator[tuple[str, object]]:
        """The fields that matter; of a comprehension first what it iterates over."""
        if isinstance(node, _COMPREHENSIONS):
            first, *others = node.generators
            yield "first", first.iter
            rest = ast.comprehension(first.target, ast.Constant(0), first.ifs, 0)
            rest.is_async = first.is_async
            yield "generators", [rest, *others]
        for name, value in ast.iter_fields(node):
            if name in _IGNORED and not isinstance(node, ast.AnnAssign):
                continue
            if value is None or value == [] or name == "generators":
                continue
            if name == "body" and isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
                yield name, _without_docstring(value) or [ast.Pass()]
            else:
                yield name, value

    def _value(self, node: ast.AST, name: str, value: object) -> None:
        if isinstance(value, list):
            self.parts.append("[")
            for item in value:
                self._value(node, name, item)
            self.parts.append("]")
        elif isinstance(value, ast.AST):
            self._node(value)
        elif node is self.statement and name == "name":
            pass  # the definition's own name
        elif (type(node), name) in _VARIABLES and (scope := self._scope(str(value))):
            self.parts.append(self._variable(str(value), scope))
        else:
            self.parts.append(repr(value))

    def _scope(self, name: str) -> _Scope | None:
        """The scope that binds a name; None for the module and for builtins."""
        for level, scope in enumerate(reversed(self.scopes)):
            if scope.is_class and level:
                continue  # functions do not see the members of the class around them
            if name in scope.variables or name in scope.spelled:
                return scope
        return None

    def _variable(self, name: str, scope: _Scope) -> str:
        if name in scope.spelled:
            return repr(name)
        if name not in scope.numbers:
            scope.numbers[name] = self.count
            self.count += 1
        return f"%{scope.numbers[name]}"

    def _reference(self, node: ast.Name | ast.Attribute) -> bool:
        """Serialises a name that the module binds or imports, with its attributes."""
        attributes: list[str] = []
        base: ast.expr = node
        while isinstance(base, ast.Attribute):
            attributes.insert(0, base.attr)
            base = base.value
        if not isinstance(base, ast.Name):
            return False
        scope = self._scope(base.id)
        if scope and not (scope.is_class and isinstance(base.ctx, ast.Load)):
            return False
        if base.id in self.module.definitions:
            keys: list[Key] = [(self.module.name, base.id)]
            rest = ".".join(["", *attributes])
        elif base.id in self.module.imports:
            path = ".".join([self.module.imports[base.id], *attributes])
            keys, rest = self.module.resolve(path)
        else:
            return False
        if scope:  # a member of the class; before it is bound, the module's name
            self.parts.append(repr(base.id))
        self.parts.extend([*keys, rest])
        return True


def _arguments(arguments: ast.arguments) -> list[ast.arg]:
    plain = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return plain + [arg for arg in (arguments.vararg, arguments.kwarg) if arg]
