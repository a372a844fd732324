# Mistake: the code takes the logarithm of the mean over the samples instead of the mean of the logarithms.
# Message: elbo([1], [[0], [1.09861]], [0], [0]): expected -0.490415, got -0.470004
import math


def elbo(x, logits, mean, log_variance):
    """The lower bound on log p(x) in nats; logits: a row for each sample."""
    if not logits:
        raise ValueError("the bound needs a sample")
    fits = [
        sum(p * log_sigmoid(a) + (1 - p) * log_sigmoid(-a) for p, a in zip(x, row))
        for row in logits
    ]
    divergence = sum(
        0.5 * (math.exp(v) + m * m - 1 - v) for m, v in zip(mean, log_variance)
    )
    return math.log(sum(math.exp(fit) for fit in fits) / len(fits)) - divergence


def log_sigmoid(a):
    """Without overflow on either side."""
    return min(a, 0.0) - math.log1p(math.exp(-abs(a)))
