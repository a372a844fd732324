"""Intervals, paired differences and bands."""

import pytest

from paradigms.evaluation.statistics import (
    band,
    intervals,
    paired_differences,
    t_interval,
)

RUNS = [{"loss": 1.0, "error": 0.5}, {"loss": 2.0, "error": 0.25}]
BASELINE = [{"loss": 0.5}, {"loss": 2.5}]


def test_every_column_has_its_interval():
    """Columns in the order of the first run; a run is one seed."""
    assert intervals(RUNS) == {
        "loss": t_interval([1, 2]),
        "error": t_interval([0.5, 0.25]),
    }


def test_differences_are_paired_by_seed():
    """0.5 and -0.5, not the difference of means alone; only columns of both."""
    assert paired_differences(RUNS, BASELINE) == {"loss": t_interval([0.5, -0.5])}
    assert paired_differences(RUNS, RUNS)["error"] == [0, 0, 0]
    with pytest.raises(ValueError, match="shorter"):
        paired_differences(RUNS, BASELINE[:1])


def test_a_band_has_a_point_for_each_size():
    """Mean and interval, rounded to five digits behind the point."""
    (point,) = band({8: [1.0, 2.0]})
    assert point == (8, *(round(bound, 5) for bound in t_interval([1, 2])))
