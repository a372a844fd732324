import math

from attempt import masked_softmax
from runner import check

T, F = True, False


def test_visible_keys_share_the_weight():
    check(masked_softmax, [[1.0, 1.0, 5.0]], [[T, T, F]], expected=[[0.5, 0.5, 0.0]])
    check(masked_softmax, [[2.0]], [[T]], expected=[[1.0]])
    scores, mask = [[math.log(3), 0.0], [0.0, 0.0]], [[T, T], [F, T]]
    check(masked_softmax, scores, mask, expected=[[0.75, 0.25], [0.0, 1.0]])


def test_a_row_without_visible_keys_is_zero():
    check(masked_softmax, [[1.0, 2.0]], [[F, F]], expected=[[0.0, 0.0]])
    check(
        masked_softmax,
        [[1.0, 2.0], [0.0, 0.0]],
        [[F, F], [T, T]],
        expected=[[0.0, 0.0], [0.5, 0.5]],
    )
    check(masked_softmax, [], [], expected=[])


def test_large_scores_do_not_overflow():
    check(masked_softmax, [[1000.0, 1000.0]], [[T, T]], expected=[[0.5, 0.5]])
    check(masked_softmax, [[-1000.0, -1000.0]], [[T, T]], expected=[[0.5, 0.5]])


def test_hidden_scores_have_no_influence():
    hidden = [[0.0, 0.0, 1000.0]]
    check(masked_softmax, hidden, [[T, T, F]], expected=[[0.5, 0.5, 0.0]])
    nan = [[0.0, math.nan], [0.0, math.inf]]
    expected = [[1.0, 0.0], [1.0, 0.0]]
    check(
        lambda: masked_softmax(nan, [[T, F], [T, F]]),
        expected=expected,
        case="masked_softmax([[0, nan], [0, inf]], [[True, False], [True, False]])",
    )


def test_minus_infinity_gets_no_weight():
    low = -math.inf
    check(masked_softmax, [[low, 0.0]], [[T, T]], expected=[[0.0, 1.0]])
    check(masked_softmax, [[low, low]], [[T, T]], expected=[[0.0, 0.0]])
    check(masked_softmax, [[low, 3.0]], [[T, F]], expected=[[0.0, 0.0]])
