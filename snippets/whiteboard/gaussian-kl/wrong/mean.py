# Mistake: the divergence is averaged over the coordinates instead of summed.
# Message: gaussian_kl([1, 2, 0], [0, 0, 0]): expected 2.5, got 0.833333
import math


def gaussian_kl(mean, log_variance, other_mean=None, other_log_variance=None):
    """KL(q || p) in nats; p is N(0, I) unless it is given."""
    zeros = [0.0] * len(mean)
    other_mean = zeros if other_mean is None else other_mean
    other_log_variance = zeros if other_log_variance is None else other_log_variance
    total = 0.0
    for m, v, n, w in zip(mean, log_variance, other_mean, other_log_variance):
        squared = (m - n) ** 2 * math.exp(-w)
        total += 0.5 * (w - v + math.exp(v - w) + squared - 1)
    return total / max(len(mean), 1)
