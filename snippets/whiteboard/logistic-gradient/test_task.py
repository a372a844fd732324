import math

from attempt import loss_and_gradient
from runner import check

LOG2, LOG3 = math.log(2), math.log(3)


def test_zero_weights():
    check(loss_and_gradient, [0.0], 0.0, [[2.0]], [1], expected=(LOG2, [-1.0], -0.5))
    check(loss_and_gradient, [0.0], 0.0, [[2.0]], [0], expected=(LOG2, [1.0], 0.5))


def test_error_times_input():
    # P(1 | x) = 3/4 by the weight, then by the bias.
    loss = math.log(4 / 3)
    check(
        loss_and_gradient,
        [LOG3, 0.0],
        0.0,
        [[1.0, 4.0]],
        [1],
        expected=(loss, [-0.25, -1.0], -0.25),
    )
    check(
        loss_and_gradient,
        [0.0],
        -LOG3,
        [[4.0]],
        [1],
        expected=(math.log(4), [-3.0], -0.75),
    )
    check(loss_and_gradient, [LOG2], 0.0, [[1.0]], [0], expected=(LOG3, [2 / 3], 2 / 3))


def test_the_mean_over_rows():
    rows, labels = [[2.0], [4.0], [6.0], [0.0]], [1, 0, 1, 1]
    check(loss_and_gradient, [0.0], 0.0, rows, labels, expected=(LOG2, [-0.5], -0.25))


def test_the_penalty_spares_the_bias():
    loss, slope = LOG2 + 0.5 / 2 * 25.0, [0.5 * 3.0, 0.5 * 4.0]
    check(
        loss_and_gradient,
        [3.0, 4.0],
        0.0,
        [[0.0, 0.0]],
        [1],
        0.5,
        expected=(loss, slope, -0.5),
    )
    expected = (math.log(4 / 3), [0.0], -0.25)
    check(loss_and_gradient, [0.0], LOG3, [[0.0]], [1], 2.0, expected=expected)


def test_large_scores():
    check(loss_and_gradient, [1000.0], 0.0, [[1.0]], [1], expected=(0.0, [0.0], 0.0))
    check(loss_and_gradient, [1000.0], 0.0, [[1.0]], [0], expected=(1000.0, [1.0], 1.0))
    check(
        loss_and_gradient, [-1000.0], 0.0, [[1.0]], [1], expected=(1000.0, [-1.0], -1.0)
    )


def test_the_gradient_is_that_of_the_loss():
    rows, labels = [[1.0, -2.0], [0.5, 3.0], [-1.0, 1.0]], [1, 0, 1]

    def loss(a, b, c):
        return loss_and_gradient([a, b], c, rows, labels, 0.3)[0]

    h = 1e-5
    slope = [
        (loss(0.4 + h, -0.7, 0.2) - loss(0.4 - h, -0.7, 0.2)) / (2 * h),
        (loss(0.4, -0.7 + h, 0.2) - loss(0.4, -0.7 - h, 0.2)) / (2 * h),
    ]
    bias_slope = (loss(0.4, -0.7, 0.2 + h) - loss(0.4, -0.7, 0.2 - h)) / (2 * h)
    expected = (loss(0.4, -0.7, 0.2), slope, bias_slope)
    check(
        loss_and_gradient,
        [0.4, -0.7],
        0.2,
        rows,
        labels,
        0.3,
        expected=expected,
        tolerance=1e-6,
    )
