"""Input that a network cannot read, and output that is no number: refused by name."""

from dataclasses import fields
from math import isfinite
from typing import Any

import torch
from torch import Tensor


def check_sizes(config: Any) -> None:
    """Errors: ValueError for a size below 1, or below 0 where 0 is the default.

    `config` is a dataclass; its fields with whole numbers are its sizes.
    """
    for field in fields(config):
        value = getattr(config, field.name)
        if isinstance(field.default, bool) or not isinstance(field.default, int):
            continue
        least = min(1, field.default)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ValueError(
                f"{field.name} must be a whole number of at least {least}: {value!r}"
            )


def check_tokens(
    tokens: Tensor,
    vocabulary: int,
    positions: int | None = None,
    past: int = 0,
    what: str = "tokens",
) -> None:
    """Errors: ValueError unless (B, T), not empty, ids in range, and not too long."""
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
    if low < 0 or high >= vocabulary:
        raise ValueError(f"{what} must lie in 0..{vocabulary - 1}: got {low} to {high}")


def check_real(real: Tensor, rows: int, length: int, what: str = "real") -> None:
    """Errors: ValueError unless boolean (rows, length), with a token in every row."""
    if real.dtype != torch.bool or real.shape != (rows, length):
        raise ValueError(
            f"{what} must be boolean of shape ({rows}, {length}): "
            f"got {real.dtype} of shape {tuple(real.shape)}"
        )
    empty = ~real.any(dim=1)
    if bool(empty.any()):
        raise ValueError(
            f"{what} has a row of padding alone, row {int(empty.int().argmax())}: "
            "drop that sequence"
        )


def finite(x: Tensor, what: str = "the network's output") -> Tensor:
    """The same tensor. Errors: ValueError if it holds NaN or infinity."""
    # A sum is one pass without a second tensor; it is not finite if any number is not.
    if not x.is_meta and not isfinite(x.sum().item()):
        raise ValueError(f"{what} is not finite: look for NaN among weights or inputs")
    return x
