# Mistake: the total starts at 0, which counts one value too many.
# Message: log_sum_exp([0, 0]): expected 0.693147, got 1.09861
import math


def merge(first, second):
    """The log-sum-exp of two groups from those of each."""
    low, high = min(first, second), max(first, second)
    if low == -math.inf or high == math.inf:
        return high
    return high + math.log1p(math.exp(low - high))


def log_sum_exp(values):
    """log of the sum of the exponentials, in one pass."""
    total = 0.0
    for value in values:
        total = merge(total, value)
    return total
