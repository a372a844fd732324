import math

from attempt import log_sum_exp, merge
from runner import check

LOG2, LOG3, INF = math.log(2), math.log(3), math.inf


def test_two_groups():
    check(merge, 0.0, 0.0, expected=LOG2)
    check(merge, 0.0, LOG3, expected=math.log(4))
    check(merge, LOG3, 0.0, expected=math.log(4))


def test_large_and_small_values():
    check(merge, 1000.0, 1000.0, expected=1000 + LOG2)
    check(merge, -1000.0, -1000.0, expected=-1000 + LOG2)
    check(merge, 1000.0, -1000.0, expected=1000.0)
    check(merge, 0.0, -40.0, expected=math.exp(-40), tolerance=1e-22)


def test_infinite_values():
    check(merge, 0.0, -INF, expected=0.0)
    check(merge, -INF, -INF, expected=-INF)
    check(merge, INF, INF, expected=INF)
    check(merge, INF, 0.0, expected=INF)
    check(merge, -INF, INF, expected=INF)


def test_many_values():
    check(log_sum_exp, [0.0, 0.0], expected=LOG2)
    check(log_sum_exp, [5.0], expected=5.0)
    check(log_sum_exp, [math.log(k) for k in range(1, 9)], expected=math.log(36))
    check(log_sum_exp, [-1000.0, -1000.0, -1000.0], expected=-1000 + LOG3)
    check(log_sum_exp, [0.0, 1000.0, -INF], expected=1000.0)


def test_no_values():
    check(log_sum_exp, [], expected=-INF)
    check(log_sum_exp, [-INF, -INF], expected=-INF)


def test_values_are_read_once():
    check(
        lambda: log_sum_exp(iter([LOG3, 0.0, 0.0])),
        expected=math.log(5),
        case="log_sum_exp(iter([log 3, 0, 0]))",
    )
