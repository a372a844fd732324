import torch


def gaussian_kl(mean, log_variance, other_mean=None, other_log_variance=None):
    """KL(q || p) of Gaussians (D,) in nats; p is N(0, I) unless it is given."""
    if len(mean) == 0:
        return 0.0
    if other_mean is None:
        other_mean = torch.zeros_like(mean)
        other_log_variance = torch.zeros_like(mean)
    difference = log_variance - other_log_variance
    squared = (mean - other_mean).square() * (-other_log_variance).exp()
    return 0.5 * (difference.exp() - difference + squared - 1).sum()
