import math


def rms_norm(x, weight, eps=1e-6):
    """x over its root mean square, times the weight."""
    raise NotImplementedError


def layer_norm(x, weight, bias, eps=1e-5):
    """x with mean 0 and variance 1, times the weight, plus the bias."""
    raise NotImplementedError
