import torch


def rms_norm(x, weight, eps=1e-6):
    """x (W,) over its root mean square, times the weight (W,)."""
    raise NotImplementedError


def layer_norm(x, weight, bias, eps=1e-5):
    """x (W,) with mean 0 and variance 1, times the weight, plus the bias."""
    raise NotImplementedError
