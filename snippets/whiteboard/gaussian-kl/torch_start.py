import torch


def gaussian_kl(mean, log_variance, other_mean=None, other_log_variance=None):
    """KL(q || p) of Gaussians (D,) in nats; p is N(0, I) unless it is given."""
    raise NotImplementedError
