import torch


def hinge_step(weights, bias, rows, labels, rate, penalty):
    """Weights (V,), rows (N, V), labels (N,) -> weights (V,), bias."""
    raise NotImplementedError
