import torch


def loss_and_gradient(weights, bias, rows, labels, penalty=0.0):
    """Weights (V,), rows (N, V), labels (N,) -> loss and two gradients."""
    raise NotImplementedError
