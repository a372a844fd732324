from attempt import alpha_bar, noised, recovered
from runner import check

BETAS = [0.36, 0.75, 0.5]


def test_alpha_bar_is_a_product():
    check(alpha_bar, BETAS, 0, expected=1.0)
    check(alpha_bar, BETAS, 1, expected=0.64)
    check(alpha_bar, BETAS, 2, expected=0.16)
    check(alpha_bar, BETAS, 3, expected=0.08)


def test_signal_and_noise_are_scaled_by_roots():
    check(noised, [10.0], 1, [1.0], [0.36], expected=[8.6])
    check(
        noised, [10.0, 0.0, -5.0], 1, [0.0, 1.0, 10.0], BETAS, expected=[8.0, 0.6, 2.0]
    )
    root = 0.84**0.5
    check(noised, [10.0, 0.0], 2, [1.0, 1.0], BETAS, expected=[4.0 + root, root])


def test_at_time_zero_there_is_no_noise():
    check(noised, [3.0, 4.0], 0, [9.0, 9.0], BETAS, expected=[3.0, 4.0])
    check(recovered, [3.0, 4.0], 0, [9.0, 9.0], BETAS, expected=[3.0, 4.0])


def test_the_picture_is_recovered():
    check(recovered, [8.6], 1, [1.0], [0.36], expected=[10.0])
    check(
        recovered,
        [8.0, 0.6, 2.0],
        1,
        [0.0, 1.0, 10.0],
        BETAS,
        expected=[10.0, 0.0, -5.0],
    )
    check(recovered, [4.0], 2, [0.0], BETAS, expected=[10.0])


def test_a_time_out_of_range_is_an_error():
    check(noised, [1.0], 4, [1.0], BETAS, expected=ValueError)
    check(alpha_bar, BETAS, -1, expected=ValueError)
    check(recovered, [1.0], 4, [1.0], BETAS, expected=ValueError)
