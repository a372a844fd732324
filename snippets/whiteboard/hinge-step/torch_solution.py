import torch


def hinge_step(weights, bias, rows, labels, rate, penalty):
    """Weights (V,), rows (N, V), labels (N,) -> weights (V,), bias."""
    if not bool((labels.abs() == 1).all()):
        raise ValueError(f"labels must be -1 or 1: {labels.tolist()}")
    counts = labels * (rows @ weights + bias) < 1
    pull = (labels * counts).to(rows.dtype) / len(rows)
    weights = weights - rate * (penalty * weights - rows.T @ pull)
    return weights, bias + rate * pull.sum()
