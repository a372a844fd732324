import torch
from torch.nn.functional import binary_cross_entropy_with_logits


def loss_and_gradient(weights, bias, rows, labels, penalty=0.0):
    """Weights (V,), rows (N, V), labels (N,) -> loss and two gradients."""
    labels = labels.to(rows.dtype)
    scores = rows @ weights + bias
    loss = binary_cross_entropy_with_logits(scores, labels)
    error = (scores.sigmoid() - labels) / len(rows)
    loss = loss + penalty / 2 * weights.square().sum()
    return loss, rows.T @ error + penalty * weights, error.sum()
