# Mistake: the exponentials are summed without subtracting the maximum first.
# Message: merge(1000, 1000): expected 1000.69, got OverflowError: math range error
import math


def merge(first, second):
    """The log-sum-exp of two groups from those of each."""
    low, high = min(first, second), max(first, second)
    if low == -math.inf or high == math.inf:
        return high
    return math.log(math.exp(low) + math.exp(high))


def log_sum_exp(values):
    """log of the sum of the exponentials, in one pass."""
    total = -math.inf
    for value in values:
        total = merge(total, value)
    return total
