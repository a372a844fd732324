# Mistake: KL(p || q) is computed: the two Gaussians are swapped.
# Message: gaussian_kl([0], [1.38629]): expected 0.806853, got 0.318147
import math


def gaussian_kl(mean, log_variance, other_mean=None, other_log_variance=None):
    """KL(q || p) in nats; p is N(0, I) unless it is given."""
    zeros = [0.0] * len(mean)
    other_mean = zeros if other_mean is None else other_mean
    other_log_variance = zeros if other_log_variance is None else other_log_variance
    total = 0.0
    for m, v, n, w in zip(other_mean, other_log_variance, mean, log_variance):
        squared = (m - n) ** 2 * math.exp(-w)
        total += 0.5 * (w - v + math.exp(v - w) + squared - 1)
    return total
