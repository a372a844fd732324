import math

from attempt import gaussian_kl
from runner import check

LOG2, LOG4 = math.log(2), math.log(4)


def test_equal_gaussians_have_no_divergence():
    check(gaussian_kl, [0.0, 0.0], [0.0, 0.0], expected=0.0)
    check(gaussian_kl, [3.0], [LOG4], [3.0], [LOG4], expected=0.0)
    check(gaussian_kl, [], [], expected=0.0)


def test_the_distance_of_the_means():
    check(gaussian_kl, [1.0], [0.0], expected=0.5)
    check(gaussian_kl, [-2.0], [0.0], expected=2.0)


def test_the_variances():
    check(gaussian_kl, [0.0], [LOG4], expected=0.5 * (4 - 1 - LOG4))
    check(gaussian_kl, [0.0], [-LOG4], expected=0.5 * (1 / 4 - 1 + LOG4))


def test_the_sum_over_the_coordinates():
    check(gaussian_kl, [1.0, 2.0, 0.0], [0.0, 0.0, 0.0], expected=2.5)


def test_the_second_gaussian_sets_the_scale():
    check(gaussian_kl, [2.0], [LOG4], [0.0], [LOG4], expected=0.5)
    expected = 0.5 * (LOG4 + 1 / 4 + 9 / 4 - 1)
    check(gaussian_kl, [3.0], [0.0], [0.0], [LOG4], expected=expected)
    expected = 0.5 * (-LOG4 + 4 + 9 - 1)
    check(gaussian_kl, [0.0], [LOG4], [3.0], [0.0], expected=expected)


def test_tiny_variances():
    expected = 0.5 * (1000 - 1)
    check(gaussian_kl, [0.0], [-1000.0], expected=expected)
    check(
        gaussian_kl,
        [1.0],
        [-600.0],
        [1.0],
        [-600.0 - LOG2],
        expected=0.5 * (2 - 1 - LOG2),
    )
