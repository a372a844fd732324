"""Programs with one operator, number, element or statement changed: mutants."""

import ast
from collections.abc import Iterator
from copy import deepcopy

OTHER: dict[type, type] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.MatMult: ast.Add, ast.Mod: ast.FloorDiv, ast.FloorDiv: ast.Mod,
    ast.Pow: ast.Mult, ast.And: ast.Or, ast.Or: ast.And, ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip


def changed(node: ast.AST) -> Iterator[ast.AST]:
    """The node with another operator or number, or without a part."""
    node = deepcopy(node)
    match node:
        case ast.Compare():
            for number, op in enumerate(node.ops):
                other = deepcopy(node)
                other.ops[number] = OTHER[type(op)]()
                yield other
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
