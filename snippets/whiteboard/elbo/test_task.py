import math

from attempt import elbo
from runner import check

LOG2, LOG3, LOG4 = math.log(2), math.log(3), math.log(4)


def test_reconstruction_is_summed_over_the_pixels():
    check(elbo, [1, 0], [[0.0, 0.0]], [0.0], [0.0], expected=-2 * LOG2)
    check(elbo, [1, 0], [[LOG3, LOG3]], [0.0], [0.0], expected=math.log(3 / 16))


def test_the_divergence_is_subtracted():
    check(elbo, [1], [[0.0]], [2.0], [0.0], expected=-LOG2 - 2)
    check(elbo, [1], [[0.0]], [0.0], [LOG4], expected=-LOG2 - 0.5 * (3 - LOG4))
    check(elbo, [1], [[0.0]], [1.0, 1.0], [0.0, 0.0], expected=-LOG2 - 1)


def test_the_mean_over_the_samples():
    logits = [[0.0], [LOG3]]
    expected = (math.log(1 / 2) + math.log(3 / 4)) / 2
    check(elbo, [1], logits, [0.0], [0.0], expected=expected)
    check(
        elbo,
        [0],
        [[0.0], [0.0], [LOG3]],
        [2.0],
        [0.0],
        expected=(-2 * LOG2 - LOG4) / 3 - 2,
    )


def test_pixels_may_be_shares():
    expected = 0.25 * math.log(3 / 4) + 0.75 * math.log(1 / 4)
    check(elbo, [0.25], [[LOG3]], [0.0], [0.0], expected=expected)


def test_large_logits():
    check(elbo, [1, 0], [[1000.0, -1000.0]], [0.0], [0.0], expected=0.0)
    check(elbo, [0, 1], [[1000.0, -1000.0]], [0.0], [0.0], expected=-2000.0)


def test_without_samples_there_is_no_bound():
    check(elbo, [1], [], [0.0], [0.0], expected=ValueError)
