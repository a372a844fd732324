from attempt import hinge_step
from runner import check


def test_a_row_below_the_margin_moves_the_weights():
    check(hinge_step, [0.0], 0.0, [[2.0]], [1], 0.5, 0.0, expected=([1.0], 0.5))
    check(hinge_step, [0.0], 0.0, [[2.0]], [-1], 0.5, 0.0, expected=([-1.0], -0.5))
    check(hinge_step, [0.5], -1.0, [[1.0]], [1], 1.0, 0.0, expected=([1.5], 0.0))


def test_a_row_that_is_right_but_close_counts():
    check(hinge_step, [0.25], 0.0, [[2.0]], [1], 0.5, 0.0, expected=([1.25], 0.5))


def test_a_row_beyond_the_margin_does_not_count():
    check(hinge_step, [1.0], 0.0, [[2.0]], [1], 0.5, 0.0, expected=([1.0], 0.0))
    check(hinge_step, [1.0], 0.0, [[-2.0]], [-1], 0.5, 0.0, expected=([1.0], 0.0))


def test_at_the_margin_the_subgradient_is_zero():
    check(hinge_step, [0.5], 0.0, [[2.0]], [1], 0.5, 0.0, expected=([0.5], 0.0))


def test_the_mean_over_all_rows():
    rows, labels = [[2.0, 0.0], [0.0, 4.0], [9.0, 0.0], [0.0, -2.0]], [1, -1, 1, -1]
    # Margins 1/2, 0, 9/4, 0: three of four examples count.
    expected = ([0.25 + 2.0 / 4, -4.0 / 4 + 2.0 / 4], -1.0 / 4)
    check(hinge_step, [0.25, 0.0], 0.0, rows, labels, 1.0, 0.0, expected=expected)


def test_the_penalty_shrinks_the_weights_alone():
    check(hinge_step, [2.0], 3.0, [[1.0]], [1], 0.5, 0.25, expected=([1.75], 3.0))
    check(hinge_step, [0.5], 0.0, [[1.0]], [1], 0.5, 0.25, expected=([0.9375], 0.5))


def test_labels_of_zero_are_an_error():
    check(hinge_step, [0.0], 0.0, [[1.0]], [0], 0.5, 0.0, expected=ValueError)
