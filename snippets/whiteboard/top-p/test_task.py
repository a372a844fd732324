import math

from attempt import top_p
from runner import check


def logs(*weights):
    return [math.log(w) for w in weights]


def test_the_token_that_crosses_is_kept():
    check(top_p, logs(5, 3, 2), 0.6, expected=[0.625, 0.375, 0.0])
    check(top_p, logs(5, 3, 2), 0.81, expected=[0.5, 0.3, 0.2])
    check(top_p, logs(5, 3, 2), 0.49, expected=[1.0, 0.0, 0.0])


def test_the_order_is_that_of_the_ids():
    check(top_p, logs(2, 3, 5), 0.6, expected=[0.0, 0.375, 0.625])
    check(top_p, logs(3, 2, 5), 0.6, expected=[0.375, 0.0, 0.625])


def test_one_token_always_remains():
    check(top_p, [0.0, 5.0], 0.01, expected=[0.0, 1.0])
    check(top_p, [3.0], 0.5, expected=[1.0])


def test_of_equal_tokens_the_first_are_kept():
    check(top_p, [0.0, 0.0, 0.0, 0.0], 0.5, expected=[0.5, 0.5, 0.0, 0.0])
    check(top_p, [0.0, 0.0], 0.5, expected=[1.0, 0.0])
    check(top_p, [0.0, 0.0], 0.6, expected=[0.5, 0.5])


def test_p_of_one_keeps_everything():
    check(top_p, [0.0, 0.0, 0.0], 1, expected=[1 / 3] * 3)
    tiny = math.exp(-39)
    check(top_p, [0.0, -39.0], 1.0, expected=[1.0, tiny], tolerance=tiny / 2)


def test_p_out_of_range_is_an_error():
    for p in (0.0, -0.5, 1.5):
        check(top_p, [0.0, 1.0], p, expected=ValueError)


def test_extreme_logits():
    check(top_p, [1000.0, 1000.0, 0.0], 0.9, expected=[0.5, 0.5, 0.0])
    check(top_p, [-1000.0, -math.inf], 0.9, expected=[1.0, 0.0])
