"""What a network's own number or tensor must be like; refused by name and value."""

from math import inf

from torch import Tensor


def check_size(value: int, what: str, least: int = 1) -> None:
    """Errors: ValueError unless a whole number of at least `least`; True is none."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(
            f"{what} must be a whole number of at least {least}: {value!r}"
        )


def check_positive(value: float, what: str) -> None:
    """Errors: ValueError unless a number above 0 that is finite."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 < value < inf:
        raise ValueError(f"{what} must be a positive, finite number: {value!r}")


def check_axes(x: Tensor, axes: str, what: str) -> None:
    """Errors: ValueError unless x has the axes, a letter each, and is not empty."""
    if x.ndim != len(axes) or x.numel() == 0:
        raise ValueError(
            f"{what} must be of shape ({', '.join(axes)}), not empty: {tuple(x.shape)}"
        )


def check_shape(x: Tensor, other: Tensor, what: str, whose: str) -> None:
    """Errors: ValueError unless x is of the other's shape: nothing is broadcast."""
    if x.shape != other.shape:
        raise ValueError(
            f"{what} must be of the {whose}' shape {tuple(other.shape)}: "
            f"got {tuple(x.shape)}"
        )


def check_states(
    states: Tensor, width: int, what: str = "states", length: str = "T"
) -> None:
    """Errors: ValueError unless real numbers of shape (B, T, width), not empty."""
    if states.ndim != 3 or states.shape[-1] != width or states.numel() == 0:
        raise ValueError(
            f"{what} must be of shape (B, {length}, {width}), not empty: "
            f"got {tuple(states.shape)}"
        )
    if not states.is_floating_point():
        raise ValueError(f"{what} must be real numbers: got {states.dtype}")
