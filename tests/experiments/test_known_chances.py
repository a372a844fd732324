"""Known chances: run at reduced size, and the record against the page."""

import math

import pytest

from paradigms.experiments import known_chances
from paradigms.experiments.records import load


def test_known_chances_again_at_reduced_size():
    """Two seeds: the hinge loss keeps a side, the log-loss the odds."""
    (row,) = known_chances.run(known_chances.smaller()).rows
    assert abs(row["hinge loss, from likelier to likeliest"][0]) < 0.01
    assert row["log-loss, from likelier to likeliest"][0] > 1


def test_what_the_page_says_of_the_losses():
    """The log-loss follows the log-odds; the hinge loss is at -1 or +1."""
    (row,) = load("known_chances").rows
    for probability in known_chances.CONFIG.chances:
        odds = math.log(probability / (1 - probability))
        assert row[f"log-loss, score at {probability:g}"][0] == pytest.approx(
            odds, abs=0.2
        )
        score = row[f"hinge loss, score at {probability:g}"][0]
        assert score == pytest.approx(math.copysign(1, odds), abs=0.01)
    rise = row["log-loss, from likelier to likeliest"]
    assert rise[1] < math.log(9) - math.log(1.5) < rise[2]
    assert math.log(9) - math.log(1.5) == pytest.approx(1.79, abs=0.005)
