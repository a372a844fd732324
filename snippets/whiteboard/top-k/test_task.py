import math

from attempt import top_k
from runner import check

LOG3 = math.log(3)


def test_the_highest_share_the_probability():
    check(top_k, [0.0, LOG3, -5.0], 2, expected=[0.25, 0.75, 0.0])
    check(top_k, [0.0, LOG3, -5.0], 1, expected=[0.0, 1.0, 0.0])


def test_negative_logits_are_kept_like_others():
    check(top_k, [-2.0, -2.0 - LOG3, -9.0], 2, expected=[0.75, 0.25, 0.0])


def test_ties_with_the_last_are_kept():
    third = 1 / 3
    check(top_k, [2.0, 2.0, 2.0], 1, expected=[third] * 3)
    check(
        top_k,
        [1.0, 3.0, 1.0, 0.0],
        2,
        expected=[x / (2 + math.e**2) for x in (1, math.e**2, 1, 0)],
    )


def test_a_large_k_keeps_everything():
    check(top_k, [0.0, LOG3], 2, expected=[0.25, 0.75])
    check(top_k, [0.0, LOG3], 50, expected=[0.25, 0.75])
    check(top_k, [7.0], 1, expected=[1.0])


def test_k_below_one_is_an_error():
    check(top_k, [0.0, 1.0], 0, expected=ValueError)


def test_extreme_logits():
    check(top_k, [1000.0, 1000.0, 0.0], 2, expected=[0.5, 0.5, 0.0])
    check(top_k, [-math.inf, 0.0, 0.0], 3, expected=[0.0, 0.5, 0.5])
