# Mistake: signal and noise are scaled without the square roots.
# Message: noised([10], 1, [1], [0.36]): expected [8.6], got [6.76]
import math


def alpha_bar(betas, t):
    """The product of 1 - beta over the first t steps."""
    if not 0 <= t <= len(betas):
        raise ValueError(f"time {t} is not in 0 to {len(betas)}")
    return math.prod(1 - beta for beta in betas[:t])


def noised(x0, t, noise, betas):
    """x_t for an image and standard normal noise."""
    a = alpha_bar(betas, t)
    return [a * x + (1 - a) * e for x, e in zip(x0, noise)]


def recovered(x, t, noise, betas):
    """The x_0 that x_t and its noise imply."""
    a = alpha_bar(betas, t)
    return [(v - math.sqrt(1 - a) * e) / math.sqrt(a) for v, e in zip(x, noise)]
