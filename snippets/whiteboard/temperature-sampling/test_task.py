import math

from attempt import sample
from runner import check

ODDS = [0.0, math.log(3), 0.0]  # probabilities 1/5, 3/5, 1/5


def test_a_draw_selects_by_cumulative_probability():
    check(sample, [0.0, 0.0], 1.0, 0.4, expected=0)
    check(sample, [0.0, 0.0], 1.0, 0.5, expected=1)
    for draw, token in ((0.0, 0), (0.19, 0), (0.21, 1), (0.79, 1), (0.81, 2)):
        check(sample, ODDS, 1.0, draw, expected=token)


def test_a_low_temperature_sharpens():
    # At 0.5 the odds are 1 : 9 : 1.
    for draw, token in ((0.08, 0), (0.1, 1), (0.9, 1), (0.92, 2)):
        check(sample, ODDS, 0.5, draw, expected=token)


def test_a_high_temperature_flattens():
    # At 2 the odds are 1 : 1.73 : 1.
    for draw, token in ((0.26, 0), (0.28, 1), (0.72, 1), (0.74, 2)):
        check(sample, ODDS, 2.0, draw, expected=token)


def test_temperature_zero_is_greedy():
    check(sample, ODDS, 0, 0.99, expected=1)
    check(sample, [1.0, 2.0, 2.0], 0.0, 0.99, expected=1)


def test_a_negative_temperature_is_an_error():
    check(sample, ODDS, -1.0, 0.5, expected=ValueError)


def test_large_logits_and_tiny_temperatures():
    check(sample, [1000.0, 1000.0], 1.0, 0.6, expected=1)
    check(sample, [0.0, 5.0, 0.0], 1e-300, 0.99, expected=1)
    check(sample, [-1000.0, -1001.0], 0.001, 0.999, expected=0)


def test_a_token_of_probability_zero_is_never_drawn():
    low = -math.inf
    check(sample, [low, 0.0, low, 0.0, low], 1.0, 0.0, expected=1)
    check(sample, [low, 0.0, low, 0.0, low], 1.0, 0.5, expected=3)
    check(sample, [low, 0.0, low, 0.0, low], 1.0, 1 - 2**-53, expected=3)
