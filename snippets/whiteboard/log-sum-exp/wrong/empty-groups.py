# Mistake: the code subtracts minus infinity from minus infinity, which gives NaN.
# Message: merge(-inf, -inf): expected -inf, got nan
import math


def merge(first, second):
    """The log-sum-exp of two groups from those of each."""
    low, high = min(first, second), max(first, second)
    return high + math.log1p(math.exp(low - high))


def log_sum_exp(values):
    """log of the sum of the exponentials, in one pass."""
    total = -math.inf
    for value in values:
        total = merge(total, value)
    return total
