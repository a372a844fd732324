"""95% intervals of what was measured several times, or counted."""

from statistics import mean, stdev

from scipy.stats import t as student


def interval(values: tuple[float, ...]) -> list[float]:
    """Mean and 95% interval over the seeds, by Student's t.

    Errors: ValueError for fewer than two values.
    """
    if len(values) < 2:
        raise ValueError(f"an interval needs two values or more: got {len(values)}")
    half = student.ppf(0.975, len(values) - 1) * stdev(values) / len(values) ** 0.5
    return [mean(values), mean(values) - half, mean(values) + half]


def share(part: int, whole: int) -> list[float]:
    """A share and its 95% interval, by Wilson's score; `whole` must not be 0."""
    z2 = 1.96**2
    centre = (part + z2 / 2) / (whole + z2)
    spread = (part * (whole - part) / whole + z2 / 4) ** 0.5 * 1.96 / (whole + z2)
    return [part / whole, max(centre - spread, 0.0), min(centre + spread, 1.0)]
