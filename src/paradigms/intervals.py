"""95% intervals of what was measured several times, or counted."""

from statistics import mean, stdev

T95 = {2: 12.706, 3: 4.303, 5: 2.776, 10: 2.262}  # Student's t for n values, 95%


def interval(values: tuple[float, ...]) -> list[float]:
    """Mean and 95% interval over the seeds, by Student's t.

    Errors: ValueError for a number of seeds whose t is not in T95.
    """
    if len(values) not in T95:
        raise ValueError(f"seeds must be one of {sorted(T95)} in number: {len(values)}")
    half = T95[len(values)] * stdev(values) / len(values) ** 0.5
    return [mean(values), mean(values) - half, mean(values) + half]


def share(part: int, whole: int) -> list[float]:
    """A share and its 95% interval, by Wilson's score; `whole` must not be 0."""
    z2 = 1.96**2
    centre = (part + z2 / 2) / (whole + z2)
    spread = (part * (whole - part) / whole + z2 / 4) ** 0.5 * 1.96 / (whole + z2)
    return [part / whole, max(centre - spread, 0.0), min(centre + spread, 1.0)]
