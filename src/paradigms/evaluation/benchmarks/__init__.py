"""Our speed against the reference's: same weights, same input, alternating runs.

Each module has `run() -> rows`; its record is beside it, with the same stem.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

Task = Callable[[], Any]
Comparison = Callable[[Any, Any], dict[str, Any]]


def largest_difference(result: Tensor, expected: Tensor) -> dict[str, Any]:
    """The largest difference, relative to the reference's largest absolute value.

    Errors: ValueError for results of different shapes.
    """
    if result.shape != expected.shape:
        raise ValueError(
            f"ours gives {tuple(result.shape)}, theirs {tuple(expected.shape)}"
        )
    largest = (
        expected.detach().abs().max().clamp(min=torch.finfo().tiny)
    )  # or all zeros
    gap = (result - expected).detach().abs().max() / largest
    return {"largest difference": float(gap)}


def race(
    name: str,
    ours: Task,
    theirs: Task,
    rounds: int,
    compare: Comparison = largest_difference,
) -> dict[str, Any]:
    """Both tasks alternately, each first in every other round, after a warm-up.

    "times as fast" is the median of the rounds' ratios: other load on the machine slows
    both, so that it is more robust than either time.  Units: milliseconds.
    `compare` gets both results of the warm-up, and what it returns joins the row.
    Errors: ValueError for fewer than one round, and those of `compare`.
    """
    if rounds < 1:
        raise ValueError(f"rounds must be at least 1: got {rounds}")
    agreement = compare(ours(), theirs())
    clock, processor = [], []
    for turn in range(rounds):
        if turn % 2:
            second, first = time_call(theirs), time_call(ours)
        else:
            first, second = time_call(ours), time_call(theirs)
        clock.append((first[0], second[0]))
        processor.append(second[1] / first[1])
    ratios = [their / our for our, their in clock]
    return {
        "name": name,
        "ours ms": round(1e3 * statistics.median(our for our, _ in clock), 4),
        "reference ms": round(1e3 * statistics.median(their for _, their in clock), 4),
        "times as fast": round(statistics.median(ratios), 3),
        "lowest and highest": [round(min(ratios), 3), round(max(ratios), 3)],
        "times as fast by processor time": round(statistics.median(processor), 3),
        "rounds": rounds,
        "threads": torch.get_num_threads(),
        **agreement,
    }


def time_call(task: Callable[[], Any]) -> tuple[float, float]:
    """Seconds of wall time, and of processor time summed over threads."""
    clock, processor = time.perf_counter(), time.process_time()
    task()
    return time.perf_counter() - clock, time.process_time() - processor
