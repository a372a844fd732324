import torch
from torch.nn.functional import binary_cross_entropy_with_logits


def elbo(x, logits, mean, log_variance):
    """x (D,), logits (S, D), mean and log_variance (Z,) -> the bound."""
    if len(logits) == 0:
        raise ValueError("the bound needs a sample")
    targets = x.to(logits.dtype).expand_as(logits)
    losses = binary_cross_entropy_with_logits(logits, targets, reduction="none")
    kl = 0.5 * (log_variance.exp() + mean.square() - 1 - log_variance).sum()
    return -losses.sum(dim=1).mean() - kl
