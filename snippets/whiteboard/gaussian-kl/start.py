import math


def gaussian_kl(mean, log_variance, other_mean=None, other_log_variance=None):
    """KL(q || p) in nats; p is N(0, I) unless it is given."""
    raise NotImplementedError
