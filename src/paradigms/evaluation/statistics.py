"""95% intervals of means, paired differences, shares and crossover points."""

from collections.abc import Mapping, Sequence
from statistics import mean, stdev
from typing import Any

import torch
from scipy.stats import t as student
from torch import Tensor


def t_interval(values: Sequence[float]) -> list[float]:
    """Mean and 95% interval over the seeds, by Student's t.

    Errors: ValueError for fewer than two values.
    """
    if len(values) < 2:
        raise ValueError(f"an interval needs two values or more: got {len(values)}")
    t = float(student.ppf(0.975, len(values) - 1))
    half = t * stdev(values) / len(values) ** 0.5
    return [mean(values), mean(values) - half, mean(values) + half]


def intervals(runs: Sequence[Mapping[str, float]]) -> dict[str, list[float]]:
    """`t_interval` of each column; a run, of one seed, is a dictionary of columns."""
    return {column: t_interval([run[column] for run in runs]) for column in runs[0]}


def paired_differences(
    runs: Sequence[Mapping[str, float]], baseline: Sequence[Mapping[str, float]]
) -> dict[str, list[float]]:
    """`intervals` of runs minus baseline, paired by seed, in the columns of both.

    Errors: ValueError for lists of unequal length.
    """
    columns = [column for column in runs[0] if column in baseline[0]]
    return intervals(
        [
            {column: run[column] - other[column] for column in columns}
            for run, other in zip(runs, baseline, strict=True)
        ]
    )


def band(
    values: Mapping[float, Sequence[float]],
) -> list[tuple[float, float, float, float]]:
    """Points (x, mean, low, high) for a figure: `t_interval` of the values at x."""
    points = []
    for x, at_x in values.items():
        mean, low, high = (round(bound, 5) for bound in t_interval(at_x))
        points.append((x, mean, low, high))
    return points


def wilson_interval(part: int, whole: int) -> list[float]:
    """A share and its 95% interval, by Wilson's score method; `whole` must not be 0."""
    z2 = 1.96**2
    centre = (part + z2 / 2) / (whole + z2)
    half = (part * (whole - part) / whole + z2 / 4) ** 0.5 * 1.96 / (whole + z2)
    return [part / whole, max(centre - half, 0.0), min(centre + half, 1.0)]


def crossover(gaps: dict[int, Tensor], resamples: int) -> dict[str, Any]:
    """Where a difference that changes with a size turns from negative to positive.

    `gaps`: size -> differences (N,), one a seed.  By bootstrap over the seeds:
    `crosses`, the share of resamples that are negative at first and positive at last;
    `at`, median and 95% interval of the last size at which they turn, interpolated in
    its logarithm, left out if fewer than half do.
    """
    rng = torch.Generator().manual_seed(0)
    logs = torch.tensor(list(gaps), dtype=torch.float64).log()
    means = torch.stack(
        [
            gap[torch.randint(len(gap), (resamples, len(gap)), generator=rng)].mean(1)
            for gap in gaps.values()
        ],
        dim=1,
    ).double()  # (resamples, sizes)
    crossings = []
    for gap in means[(means[:, 0] < 0) & (means[:, -1] > 0)]:
        last = int((gap < 0).nonzero().max())  # the last size at which it errs less
        fraction = gap[last] / (gap[last] - gap[last + 1])
        crossings.append(
            float((logs[last] + fraction * (logs[last + 1] - logs[last])).exp())
        )
    crossed = len(crossings) / resamples
    if crossed < 0.5:
        return {"crosses": crossed}
    low, middle, high = torch.tensor(crossings).quantile(
        torch.tensor([0.025, 0.5, 0.975])
    )
    return {"crosses": crossed, "at": [float(middle), float(low), float(high)]}
