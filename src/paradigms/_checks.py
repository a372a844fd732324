"""Checks of arguments and outputs: sizes, shapes, dtypes, ranges, finite values.

Each takes the value, then what it must agree with, then `what` it is called in errors.
"""

from dataclasses import fields
from math import inf, isfinite
from typing import Any

import torch
from torch import Tensor


def check_sizes(config: Any) -> None:
    """Errors: ValueError for a size below 1, or below 0 where 0 is the default.

    `config` is a dataclass; its sizes are the fields whose default is an integer.
    """
    for field in fields(config):
        value = getattr(config, field.name)
        if isinstance(field.default, bool) or not isinstance(field.default, int):
            continue
        check_size(value, field.name, min(1, field.default))


def check_size(value: int, what: str, minimum: int = 1) -> None:
    """Errors: ValueError unless an integer of at least `minimum`, and not a bool."""
    if isinstance(value, bool) or not isinstance(value, int) or value < minimum:
        raise ValueError(
            f"{what} must be a whole number of at least {minimum}: {value!r}"
        )


def check_positive(value: float, what: str) -> None:
    """Errors: ValueError unless a positive, finite number."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 < value < inf:
        raise ValueError(f"{what} must be a positive, finite number: {value!r}")


def check_tokens(
    tokens: Tensor,
    vocabulary: int | None = None,
    positions: int | None = None,
    past: int = 0,
    what: str = "tokens",
    pad: int | None = None,
) -> None:
    """Errors: ValueError unless (B, T), not empty, ids in range, and not too long.

    With `pad`, also for a row of padding alone.
    """
    if tokens.ndim != 2 or tokens.numel() == 0:
        raise ValueError(
            f"{what} must be of shape (B, T), not empty: {tuple(tokens.shape)}"
        )
    if tokens.dtype not in (torch.int64, torch.int32):
        raise ValueError(f"{what} must be ids, int64 or int32: got {tokens.dtype}")
    length = past + tokens.shape[1]
    if positions is not None and length > positions:
        raise ValueError(
            f"{what} are {length} long; the network has {positions} positions"
        )
    if tokens.is_meta:
        return
    low, high = (int(bound) for bound in tokens.aminmax())
    if low < 0 or (vocabulary is not None and high >= vocabulary):
        limit = (
            "not be negative" if vocabulary is None else f"lie in 0..{vocabulary - 1}"
        )
        raise ValueError(f"{what} must {limit}: got {low} to {high}")
    if pad is None:
        return
    empty = (tokens == pad).all(dim=1)
    if bool(empty.any()):
        raise ValueError(f"{what}: row {int(empty.int().argmax())} is padding alone")


def check_real(real: Tensor, rows: int, length: int, what: str = "real") -> None:
    """Errors: ValueError unless boolean (rows, length), with a token in every row."""
    if real.dtype != torch.bool or real.shape != (rows, length):
        raise ValueError(
            f"{what} must be boolean of shape ({rows}, {length}): "
            f"got {real.dtype} of shape {tuple(real.shape)}"
        )
    if real.is_meta:
        return
    empty = ~real.any(dim=1)
    if bool(empty.any()):
        raise ValueError(
            f"{what} has a row of padding alone, row {int(empty.int().argmax())}: "
            "drop that sequence"
        )


def check_axes(x: Tensor, axes: str, what: str) -> None:
    """Errors: ValueError unless x is not empty and has one dimension per letter."""
    if x.ndim != len(axes) or x.numel() == 0:
        raise ValueError(
            f"{what} must be of shape ({', '.join(axes)}), not empty: {tuple(x.shape)}"
        )


def check_shape(x: Tensor, other: Tensor, what: str, other_name: str) -> None:
    """Errors: ValueError unless x has the shape of `other`, without broadcasting."""
    if x.shape != other.shape:
        raise ValueError(
            f"{what} must be of the {other_name}' shape {tuple(other.shape)}: "
            f"got {tuple(x.shape)}"
        )


def check_states(
    states: Tensor, width: int, what: str = "states", length: str = "T"
) -> None:
    """Errors: ValueError unless floating point, (B, T, width), not empty."""
    if states.ndim != 3 or states.shape[-1] != width or states.numel() == 0:
        raise ValueError(
            f"{what} must be of shape (B, {length}, {width}), not empty: "
            f"got {tuple(states.shape)}"
        )
    if not states.is_floating_point():
        raise ValueError(f"{what} must hold floating-point numbers: {states.dtype}")


def finite(x: Tensor, what: str = "the network's output") -> Tensor:
    """Return `x`. Errors: ValueError if it holds NaN or infinity."""
    # A sum needs no second tensor, and is not finite if any element is not.
    dtype = torch.float32 if x.dtype == torch.float16 else None  # its maximum is 65504
    if not x.is_meta and not isfinite(x.sum(dtype=dtype).item()):
        raise ValueError(f"{what} is not finite: look for NaN among weights or inputs")
    return x


def check_vectors(x: Tensor, width: int, what: str, draws: bool = False) -> None:
    """Errors: ValueError unless `x` is (B, width), not empty, real and finite.

    With `draws`, leading dimensions for several samples are allowed: (..., B, width).
    """
    valid_ndim = x.ndim == 2 or (draws and x.ndim > 2)
    if not valid_ndim or x.shape[-1] != width or x.numel() == 0:
        raise ValueError(
            f"{what} must be of shape ({'..., ' * draws}B, {width}), not empty: "
            f"{tuple(x.shape)}"
        )
    check_finite(x, what)


def check_finite(x: Tensor, what: str) -> None:
    """Errors: ValueError for an integer tensor, or for the first NaN or infinity."""
    if not x.is_floating_point():
        raise ValueError(f"{what} must hold floating-point numbers: {x.dtype}")
    is_finite = x.isfinite()
    if not bool(is_finite.all()):
        index = tuple((~is_finite).nonzero()[0].tolist())
        where = f" at {index}" if index else ""
        raise ValueError(f"{what} must hold finite numbers: {float(x[index])}{where}")


def check_fitted(model: object) -> None:
    """Errors: ValueError if the model has no tensor yet, or one that is not finite."""
    if not any(isinstance(value, Tensor) for value in vars(model).values()):
        raise ValueError(f"{type(model).__name__} must be fitted first: call fit")
    for name, value in vars(model).items():
        if isinstance(value, Tensor):
            check_finite(value, name)
        elif isinstance(value, float):
            check_finite(torch.tensor(value, dtype=torch.float64), name)


def check_overflow(value: Tensor, x: Tensor, what: str) -> Tensor:
    """Return `value`, computed from `x`. Errors: ValueError if it overflowed."""
    if not bool(value.isfinite().all()):
        largest = float((x.values() if x.is_sparse_csr else x).abs().max())
        raise ValueError(f"x is too large for {what}: {largest:.0e}")
    return value


def check_rate(rate: float) -> None:
    """Errors: ValueError unless the rate lies strictly between 0 and 1."""
    if not 0 < rate < 1:
        raise ValueError(f"rate must lie between 0 and 1: {rate}")


def check_share(share: float, what: str) -> None:
    """Errors: ValueError unless the share lies between 0 and 1, inclusive."""
    if not 0 <= share <= 1:
        raise ValueError(f"{what} must lie between 0 and 1: {share}")
