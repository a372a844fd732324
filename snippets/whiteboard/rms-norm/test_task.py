from attempt import layer_norm, rms_norm
from runner import check


def test_division_by_the_root_mean_square():
    root = 12.5**0.5
    check(rms_norm, [3.0, 4.0], [1.0, 1.0], 0.0, expected=[3 / root, 4 / root])
    check(rms_norm, [2.0, 2.0, 2.0], [1.0, 1.0, 1.0], 0.0, expected=[1.0, 1.0, 1.0])
    check(rms_norm, [2.0, -2.0], [3.0, 5.0], 0.0, expected=[3.0, -5.0])


def test_epsilon_is_inside_the_root():
    check(rms_norm, [0.0, 0.0], [1.0, 1.0], expected=[0.0, 0.0])
    check(rms_norm, [3.0, 3.0], [1.0, 1.0], 16.0, expected=[0.6, 0.6])
    half = 0.5**0.5
    check(rms_norm, [0.001, 0.001], [1.0, 1.0], expected=[half, half])


def test_layer_norm_centres():
    ones, zeros = [1.0, 1.0], [0.0, 0.0]
    check(layer_norm, [1.0, 3.0], ones, zeros, 0.0, expected=[-1.0, 1.0])
    check(layer_norm, [101.0, 103.0], ones, zeros, 0.0, expected=[-1.0, 1.0])
    expected = [-(1.5**0.5), 0.0, 1.5**0.5]
    check(layer_norm, [1.0, 2.0, 3.0], [1.0] * 3, [0.0] * 3, 0.0, expected=expected)


def test_weight_and_bias_of_layer_norm():
    check(layer_norm, [1.0, 3.0], [2.0, 5.0], [7.0, 9.0], 0.0, expected=[5.0, 14.0])
    check(layer_norm, [4.0, 4.0], [2.0, 5.0], [7.0, 9.0], expected=[7.0, 9.0])
    check(layer_norm, [-3.0, 3.0], [1.0, 1.0], [0.0, 0.0], 16.0, expected=[-0.6, 0.6])
    root = (1e-6 / (1e-6 + 1e-5)) ** 0.5
    check(layer_norm, [-0.001, 0.001], [1.0, 1.0], [0.0, 0.0], expected=[-root, root])
