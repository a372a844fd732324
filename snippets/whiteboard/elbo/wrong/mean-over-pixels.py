# Mistake: the reconstruction term is a mean over pixels, so the divergence has too much weight.
# Message: elbo([1, 0], [[0, 0]], [0], [0]): expected -1.38629, got -0.693147
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
    return sum(fits) / len(fits) / len(x) - divergence


def log_sigmoid(a):
    """Without overflow on either side."""
    return min(a, 0.0) - math.log1p(math.exp(-abs(a)))
