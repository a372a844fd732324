import torch


def elbo(x, logits, mean, log_variance):
    """x (D,), logits (S, D), mean and log_variance (Z,) -> the bound."""
    raise NotImplementedError
