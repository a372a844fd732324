"""Attention masks as rules: which position may attend to which.

A rule answers one question, `rule(q, k)`: may the query at position `q` attend to the
key at position `k`?  **True means: may attend.**  PyTorch's
`scaled_dot_product_attention` reads a boolean mask the same way;
`torch.nn.MultiheadAttention` reads it the other way round, so it is given `~rule`.

For two integers the result is a `bool`: diagrams use that, without torch.  For two
integer tensors that broadcast it is a boolean tensor: models use that.  The rules use
only comparisons and arithmetic, so that FlexAttention can trace the same function
(`rule.mask_mod`).
Source: FlexAttention, Dong et al. (2024), for the convention of `mask_mod`.
"""

import ast
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from typing import Any


@dataclass(frozen=True)
class Rule:
    """A visibility rule with a name; combine rules with `&`, `|` and `~`.

    `looks_ahead`: whether a query may see a later key.  False is certain; a rule made
    by `&` or `~` may have True and yet see nothing ahead.
    Shapes: `rule(q, k)` has the shape to which `q` and `k` broadcast.
    Source: `mask_mod` of FlexAttention, without its batch and head indices.
    """

    name: str
    sees: Callable[[Any, Any], Any]
    looks_ahead: bool = True

    def __call__(self, q: Any, k: Any) -> Any:
        return self.sees(q, k)

    def __and__(self, other: "Rule") -> "Rule":
        def both(q: Any, k: Any) -> Any:
            return self(q, k) & other(q, k)

        ahead = self.looks_ahead and other.looks_ahead
        return Rule(f"({self} & {other})", both, ahead)

    def __or__(self, other: "Rule") -> "Rule":
        def either(q: Any, k: Any) -> Any:
            return self(q, k) | other(q, k)

        ahead = self.looks_ahead or other.looks_ahead
        return Rule(f"({self} | {other})", either, ahead)

    def __invert__(self) -> "Rule":
        def hidden(q: Any, k: Any) -> Any:
            # Not `~`: on a plain Python bool, `~True` is the integer -2.
            return self(q, k) ^ True

        return Rule(f"~{self}", hidden)

    def __str__(self) -> str:
        return self.name

    @property
    def mask_mod(self) -> Callable[[Any, Any, Any, Any], Any]:
        """The rule as FlexAttention's `create_block_mask` takes it.

        A plain function, not a method: FlexAttention counts `self` as a parameter.
        """
        return lambda _batch, _head, q, k: self(q, k)


def rule(looks_ahead: bool) -> Callable[[Callable[[Any, Any], Any]], Rule]:
    """Make a function of `q` and `k` a rule with the function's name."""
    return lambda sees: Rule(sees.__name__, sees, looks_ahead)


@rule(looks_ahead=False)
def causal(q: Any, k: Any) -> Any:
    """Each position sees itself and the positions before it."""
    return k <= q


@rule(looks_ahead=True)
def bidirectional(q: Any, k: Any) -> Any:
    """Each position sees every position."""
    return (q >= 0) & (k >= 0)


def prefix_lm(prefix: Any) -> Rule:
    """The first `prefix` positions are visible to all; after them the rule is causal.

    `prefix`: an integer, or for a batch an integer tensor of shape (B, 1, 1).
    Source: Raffel et al. (2020), section 3.2.
    """
    _check_length("prefix", prefix)

    def sees(q: Any, k: Any) -> Any:
        return (k <= q) | (k < prefix)

    return Rule(f"prefix_lm({prefix})", sees)


def padding(length: Any) -> Rule:
    """Only the first `length` keys are visible; the rest is padding.

    `length`: an integer, or for a batch an integer tensor of shape (B, 1, 1).
    """
    _check_length("length", length)

    def sees(q: Any, k: Any) -> Any:
        return (k < length) & (q >= 0)

    return Rule(f"padding({length})", sees)


def sliding_window(window: int) -> Rule:
    """Only keys fewer than `window` positions away, on both sides.

    `causal & sliding_window(w)` is the window of a decoder: the position itself and the
    w - 1 before it.  Source: Beltagy et al. (2020); Jiang et al. (2023) for decoders.
    """
    _check("window", window, at_least=1)

    def sees(q: Any, k: Any) -> Any:
        return (q - k < window) & (k - q < window)

    return Rule(f"sliding_window({window})", sees, looks_ahead=window > 1)


def packed(*lengths: int) -> Rule:
    """Several documents in one row: a position sees only its own document.

    `lengths`: tokens of each document, in order.  Positions after the last document
    are padding, and form one more.  Source: Krell et al. (2021).
    """
    if not lengths:
        raise ValueError("lengths must name at least one document")
    for length in lengths:
        _check("lengths", length, at_least=1)
    starts = tuple(accumulate(lengths))
    name = f"packed({', '.join(map(str, lengths))})"

    def sees(q: Any, k: Any) -> Any:
        return _lookup_step(starts, q) == _lookup_step(starts, k)

    return Rule(name, sees)


def cross(source_length: int) -> Rule:
    """Encoder-decoder attention: each target position sees the whole source.

    Rows are target positions, columns source positions: the mask is a rectangle.
    Source: Vaswani et al. (2017), section 3.2.3.
    """
    _check("source_length", source_length, at_least=0)
    return Rule(f"cross({source_length})", padding(source_length).sees)


def block_causal(block: int) -> Rule:
    """Bidirectional within blocks of `block` positions, causal between blocks.

    Source: Arriola et al. (2025), block diffusion.
    """
    _check("block", block, at_least=1)

    def sees(q: Any, k: Any) -> Any:
        return k // block <= q // block

    return Rule(f"block_causal({block})", sees, looks_ahead=block > 1)


def permutation_content(*order: int) -> Rule:
    """XLNet's content stream: positions earlier in `order`, and the position itself.

    `order`: a permutation of 0..n-1; `order[0]` is predicted first. The rule is for
    texts of n words; positions after them also count as predicted first.
    Source: Yang et al. (2019), section 2.3.
    """
    rank = _ranks(order)
    name = f"permutation_content({', '.join(map(str, order))})"

    def sees(q: Any, k: Any) -> Any:
        return _lookup(rank, k) <= _lookup(rank, q)

    return Rule(name, sees)


def permutation_query(*order: int) -> Rule:
    """XLNet's query stream: strictly earlier positions, so never its own content.

    The first position of `order` sees nothing at all: an empty row is allowed.
    Source: Yang et al. (2019), section 2.3.
    """
    rank = _ranks(order)
    name = f"permutation_query({', '.join(map(str, order))})"

    def sees(q: Any, k: Any) -> Any:
        return _lookup(rank, k) < _lookup(rank, q)

    return Rule(name, sees)


RULES: dict[str, Rule | Callable[..., Rule]] = {
    "causal": causal,
    "bidirectional": bidirectional,
    "prefix_lm": prefix_lm,
    "padding": padding,
    "sliding_window": sliding_window,
    "packed": packed,
    "cross": cross,
    "block_causal": block_causal,
    "permutation_content": permutation_content,
    "permutation_query": permutation_query,
}


def parse(expression: str) -> Rule:
    """Parse a rule that is written as code, for instance `causal & padding(4)`.

    Only the names in `RULES`, integers and the three operators are allowed.
    Errors: ValueError that names the invalid part.
    """
    try:
        return _evaluate(ast.parse(expression, mode="eval").body)
    except SyntaxError:
        raise ValueError(f"mask {expression!r} is not a valid expression") from None


def grid(rule: Rule, queries: int, keys: int | None = None) -> list[list[bool]]:
    """The rule as a table `grid[q][k]` of `queries` rows and `keys` columns."""
    keys = queries if keys is None else keys
    return [[bool(rule(q, k)) for k in range(keys)] for q in range(queries)]


def _evaluate(node: ast.expr) -> Rule:
    match node:
        case ast.Name(id=name) if name in RULES:
            rule = RULES[name]
            if not isinstance(rule, Rule):
                raise ValueError(f"mask {name!r} lacks its numbers, as in prefix_lm(3)")
            return rule
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in RULES:
            return _call(name, args)
        case ast.BinOp(left=left, op=ast.BitAnd(), right=right):
            return _evaluate(left) & _evaluate(right)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _evaluate(left) | _evaluate(right)
        case ast.UnaryOp(op=ast.Invert(), operand=operand):
            return ~_evaluate(operand)
    names = ", ".join(RULES)
    raise ValueError(f"mask {ast.unparse(node)!r} is unknown; known are: {names}")


def _call(name: str, arguments: list[ast.expr]) -> Rule:
    factory = RULES[name]
    if isinstance(factory, Rule):
        raise ValueError(f"mask {name!r} takes no numbers")
    try:
        numbers = [ast.literal_eval(node) for node in arguments]
    except ValueError:
        numbers = [None]
    if not all(type(number) is int for number in numbers):
        raise ValueError(f"mask {name!r} takes whole numbers, as in prefix_lm(3)")
    try:
        return factory(*numbers)
    except TypeError:
        raise ValueError(f"mask {name!r} takes another count of numbers") from None


def _lookup(values: tuple[int, ...], index: Any) -> Any:
    """`values[index]` by arithmetic alone, so that integers and tensors both work."""
    return sum(value * (index == i) for i, value in enumerate(values))


def _lookup_step(starts: tuple[int, ...], index: Any) -> Any:
    """How many of `starts` are at or before `index`."""
    return sum((index >= start) * 1 for start in starts)


def _ranks(order: tuple[int, ...]) -> tuple[int, ...]:
    if sorted(order) != list(range(len(order))) or not order:
        raise ValueError(
            f"order must be a permutation of 0 to {len(order) - 1}: {order}"
        )
    return tuple(order.index(position) for position in range(len(order)))


def _check_length(argument: str, length: Any) -> None:
    if not hasattr(length, "shape"):
        _check(argument, length, at_least=0)
    elif length.shape[1:] != (1, 1):  # else it would vary with query or key
        raise ValueError(
            f"{argument} must be of shape (B, 1, 1): got {tuple(length.shape)}"
        )


def _check(argument: str, value: int, at_least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < at_least:
        raise ValueError(
            f"{argument} must be a whole number of at least {at_least}: {value!r}"
        )
