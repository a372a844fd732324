"""Intervals, paired differences and bands."""

import pytest
import torch
from scipy.stats import binomtest, ttest_1samp
from scipy.stats import t as student

from paradigms.evaluation.statistics import (
    band,
    crossover,
    holm,
    holm_rows,
    intervals,
    p_value,
    paired_differences,
    share_interval,
    t_interval,
    wilson_interval,
)

RUNS = [{"loss": 1.0, "error": 0.5}, {"loss": 2.0, "error": 0.25}]
BASELINE = [{"loss": 0.5}, {"loss": 2.5}]


def test_every_column_has_its_interval():
    """Columns in the order of the first run; a run is one seed."""
    assert intervals(RUNS) == {
        "loss": t_interval([1, 2]),
        "error": t_interval([0.5, 0.25]),
    }


@pytest.mark.parametrize(("part", "whole"), [(0, 50), (1, 3), (43, 50), (50, 50)])
def test_a_share_has_the_interval_of_wilson(part, whole):
    """SciPy's with the exact normal quantile; it stays between 0 and 1."""
    share, low, high = wilson_interval(part, whole)
    reference = binomtest(part, whole).proportion_ci(method="wilson")
    assert share == part / whole
    assert (low, high) == pytest.approx((reference.low, reference.high), abs=1e-4)
    assert 0 <= low <= share <= high <= 1


def test_one_value_has_no_interval():
    """An error, not a division by zero; for three values Student's t is 4.303."""
    with pytest.raises(ValueError, match="an interval needs two values or more: got 1"):
        t_interval((1.0,))
    middle, low, high = t_interval((0.0, 1.0, 2.0))
    assert middle == 1
    assert high - middle == pytest.approx(4.303 / 3**0.5, abs=1e-3)
    assert low + high == pytest.approx(2)


def test_differences_are_paired_by_seed():
    """0.5 and -0.5, not the difference of means alone; only columns of both."""
    assert paired_differences(RUNS, BASELINE) == {"loss": t_interval([0.5, -0.5])}
    assert paired_differences(RUNS, RUNS)["error"] == [0, 0, 0]
    with pytest.raises(ValueError, match="shorter"):
        paired_differences(RUNS, BASELINE[:1])


def test_a_p_value_is_that_of_the_t_test():
    """Against SciPy; 5% where the interval touches 0; no spread decides at once."""
    values = [0.3, 0.1, 0.5, -0.2]
    assert p_value(values) == pytest.approx(ttest_1samp(values, 0).pvalue)
    touching = [value - t_interval(values)[1] for value in values]
    assert p_value(touching) == pytest.approx(0.05)
    assert (p_value([1, 1]), p_value([0, 0])) == (0, 1)
    with pytest.raises(ValueError, match="two values or more: got 1"):
        p_value([1.0])


def test_several_tests_are_corrected_by_holm():
    """Worked by hand; the order stays, and no p-value exceeds 1."""
    corrected = holm([0.04, 0.01, 0.03, 0.005])
    assert corrected == pytest.approx([0.06, 0.03, 0.06, 0.02])
    assert holm([0.7, 0.6]) == [1, 1]
    assert holm([]) == []


def test_columns_that_are_not_everywhere_are_refused():
    """No column is dropped in silence, whichever run lacks it."""
    for runs in (RUNS + BASELINE, BASELINE + RUNS):
        for compare in (intervals, lambda runs: paired_differences(runs, runs)):
            with pytest.raises(ValueError, match="one lacks 'error'"):
                compare(runs)
    with pytest.raises(ValueError, match="got no run"):
        intervals([])


def test_runs_that_share_no_column_are_not_compared():
    """Not even a row without numbers comes of them."""
    message = "runs of loss, error and a baseline of time share no column"
    with pytest.raises(ValueError, match=message):
        paired_differences(RUNS, [{"time": 1.0}, {"time": 2.0}])


def test_a_band_has_a_point_for_each_size():
    """Mean and interval, rounded to five digits behind the point."""
    (point,) = band({8: [1.0, 2.0]})
    assert point == (8, *(round(bound, 5) for bound in t_interval([1, 2])))


@pytest.mark.parametrize(
    "values", [[0.98, 1.0, 1.0], [0.0, 0.0, 0.005], [0.9, 0.1], [1.0, 0.0, 1.0]]
)
def test_the_interval_of_a_share_stays_a_share(values):
    """Where Student's t on the shares themselves goes below 0 or above 1."""
    mean, low, high = t_interval(values)
    assert low < 0 or high > 1
    mean, low, high = share_interval(values)
    assert 0 < low < mean < high < 1


def test_the_interval_of_a_share_far_from_the_ends_is_hardly_another():
    """Both methods agree where a share is far from 0 and 1 and varies little."""
    values = [0.50, 0.51, 0.52, 0.51]
    assert share_interval(values) == pytest.approx(t_interval(values), abs=1e-4)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_equal_seeds_at_an_end_leave_no_interval(value):
    """There the variance of a share is 0, and it must not be divided by."""
    assert share_interval([value] * 3) == [value] * 3


def test_the_interval_is_wilsons_for_as_many_trials():
    """As of a share of so many trials that its standard error is that of the seeds."""
    values = [0.2, 0.3, 0.4, 0.3]
    share, low, _ = t_interval(values)
    t = float(student.ppf(0.975, len(values) - 1))
    trials = share * (1 - share) * (t / (share - low)) ** 2
    centre = (share + t**2 / (2 * trials)) / (1 + t**2 / trials)
    half = t * (share * (1 - share) / trials + t**2 / (4 * trials**2)) ** 0.5
    half /= 1 + t**2 / trials
    assert share_interval(values) == pytest.approx(
        [share, centre - half, centre + half]
    )


def test_a_loss_is_no_share():
    """A column that is named a share by mistake stops the experiment."""
    with pytest.raises(ValueError, match=r"between 0 and 1: got 1\.25"):
        share_interval([0.5, 1.25])


def test_only_the_columns_named_are_shares():
    """The others keep Student's t."""
    both = intervals(RUNS, shares=["error"])
    assert both["loss"] == t_interval([1, 2])
    assert both["error"] == share_interval([0.5, 0.25])


def test_a_band_of_shares_stays_between_0_and_1():
    """What a figure draws is what a row says."""
    ((_, *point),) = band({8: [0.98, 1.0, 1.0]}, shares=True)
    assert point == [round(bound, 5) for bound in share_interval([0.98, 1.0, 1.0])]


@pytest.mark.parametrize(
    ("gaps", "at"),
    [
        ({10: -1, 1000: 1}, 100),  # halfway on a log scale
        ({10: -1, 1000: 1, 100_000: 2}, 100),
        ({1: -2, 10: -1, 1000: 3}, 10 * 10**0.5),  # a quarter of two decades
        ({1: -1, 10: 1, 100: -1, 10_000: 1}, 1000),  # the last of two
    ],
)
def test_a_crossover_is_interpolated_in_the_logarithm(gaps, at):
    """The last size at which the sign changes, with an interval around it."""
    noise = 0.01 * torch.randn(50, generator=torch.Generator().manual_seed(0))
    crossing = crossover({size: noise + gap for size, gap in gaps.items()}, 200)
    assert crossing["crosses"] == 1
    middle, low, high = crossing["at"]
    assert 0.95 * at < low < middle < high < 1.05 * at


def test_parallel_curves_do_not_cross():
    """Half of the resamples must cross before a size is printed."""
    noise = 0.01 * torch.randn(50, generator=torch.Generator().manual_seed(0))
    assert crossover({10: noise + 1, 1000: noise + 1}, 200) == {"crosses": 0}
    assert crossover({10: noise + 1, 1000: noise - 1}, 200) == {"crosses": 0}


def test_a_family_of_differences_has_adjusted_p_values():
    """All columns of all pairs are one family; the second row holds p-values."""
    runs = [{"error": value} for value in (0.5, 0.6, 0.8)]
    other = [{"error": value, "loss": 1.0} for value in (0.4, 0.45, 0.5)]
    rows = holm_rows({"a - b": (runs, other), "b - b": (other, other)})
    assert [row["name"] for row in rows] == [
        "a - b",
        "a - b, Holm",
        "b - b",
        "b - b, Holm",
    ]
    assert rows[0]["error"] == paired_differences(runs, other)["error"]
    alone = p_value([0.1, 0.15, 0.3])
    assert rows[1]["error"] == pytest.approx(3 * alone)  # of three columns in all
    assert rows[3] == {"name": "b - b, Holm", "error": 1, "loss": 1}
