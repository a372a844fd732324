"""95% intervals of means, paired differences, shares and crossover points; tests."""

from collections.abc import Container, Mapping, Sequence
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


def share_interval(values: Sequence[float]) -> list[float]:
    """Mean and 95% interval of shares over the seeds, which stays between 0 and 1.

    Wilson's score method with Student's t, for the number of independent trials whose
    share would vary as much as the mean over the seeds does: mean (1 - mean) over its
    squared standard error.
    Errors: ValueError for fewer than two values, or one that is no share.
    """
    for value in values:
        if not 0 <= value <= 1:
            raise ValueError(f"a share lies between 0 and 1: got {value}")
    share, low, _ = t_interval(values)
    if share in (0, 1):
        return [share, share, share]  # every seed has that value
    half = share - low
    weight = half**2 / (share * (1 - share))  # t^2 / trials
    centre = (share + weight / 2) / (1 + weight)
    half = (half**2 + weight**2 / 4) ** 0.5 / (1 + weight)
    return [share, max(centre - half, 0.0), min(centre + half, 1.0)]


def intervals(
    runs: Sequence[Mapping[str, float]], shares: Container[str] = ()
) -> dict[str, list[float]]:
    """`t_interval` of each column, `share_interval` of those in `shares`.

    A run, of one seed, is a dictionary of columns.
    Errors: ValueError if there are no runs, or one lacks a column of another.
    """
    return {
        column: (share_interval if column in shares else t_interval)(
            [run[column] for run in runs]
        )
        for column in columns(runs)
    }


def columns(runs: Sequence[Mapping[str, float]]) -> list[str]:
    """The columns of each run. Errors: as for `intervals`."""
    if not runs:
        raise ValueError("an interval needs two values or more: got no run")
    for run in runs:
        for column in run.keys() ^ runs[0].keys():
            raise ValueError(f"runs must have the same columns: one lacks {column!r}")
    return list(runs[0])


def paired_differences(
    runs: Sequence[Mapping[str, float]], baseline: Sequence[Mapping[str, float]]
) -> dict[str, list[float]]:
    """`intervals` of runs minus baseline, paired by seed, in the columns of both.

    Errors: as for `intervals`; ValueError for lists of unequal length, and for runs and
    a baseline that share no column.
    """
    both = [column for column in columns(runs) if column in columns(baseline)]
    if not both:
        raise ValueError(
            f"runs of {', '.join(runs[0])} and a baseline of {', '.join(baseline[0])} "
            "share no column"
        )
    return intervals(
        [
            {column: run[column] - other[column] for column in both}
            for run, other in zip(runs, baseline, strict=True)
        ]
    )


def band(
    values: Mapping[float, Sequence[float]], shares: bool = False
) -> list[tuple[float, float, float, float]]:
    """Points (x, mean, low, high) for a figure: `t_interval` of the values at x.

    `share_interval` if the values are `shares`.
    """
    interval = share_interval if shares else t_interval
    points = []
    for x, at_x in values.items():
        mean, low, high = (round(bound, 5) for bound in interval(at_x))
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


def p_value(values: Sequence[float]) -> float:
    """The two-sided p-value of Student's t-test that the mean is 0.

    Below 0.05 exactly where `t_interval` leaves out 0.  Of equal values it is 1 if they
    are zero, else 0.
    Errors: ValueError for fewer than two values.
    """
    middle, low, _ = t_interval(values)
    deviation = stdev(values)
    if deviation == 0:
        return float(low == 0)
    score = abs(middle) / (deviation / len(values) ** 0.5)
    return float(2 * student.sf(score, len(values) - 1))


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values corrected for their number, in the same order.

    The smallest is multiplied by their number n, the next by n - 1, and so on; none
    becomes smaller than the one before it, or larger than 1.  If those below 0.05 are
    called significant, the probability of one or more false positives is at most 5%,
    however the tests depend on each other.
    Source: Holm (1979).
    """
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, place in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = largest
    return adjusted


def holm_rows(
    pairs: Mapping[str, tuple[Sequence[Mapping[str, float]], ...]],
) -> list[dict[str, Any]]:
    """Differences of one family: per pair their intervals, then corrected p-values.

    `pairs`: name -> runs and baseline, as for `paired_differences`.  The second row of
    a pair has `, Holm` after its name; the family is all columns of all pairs.
    """
    tests = {
        (name, column): p_value(
            [run[column] - other[column] for run, other in zip(*both, strict=True)]
        )
        for name, both in pairs.items()
        for column in columns(both[0])
        if column in columns(both[1])
    }
    corrected = dict(zip(tests, holm(list(tests.values())), strict=True))
    rows: list[dict[str, Any]] = []
    for name, (runs, baseline) in pairs.items():
        rows.append({"name": name} | paired_differences(runs, baseline))
        rows.append(
            {"name": f"{name}, Holm"}
            | {
                column: corrected[name, column]
                for column in columns(runs)
                if column in columns(baseline)
            }
        )
    return rows
