# Mistake: the code iterates over the values twice, which an iterator does not allow.
# Message: log_sum_exp(iter([log 3, 0, 0])): expected 1.60944, got -689.677
import math


def merge(first, second):
    """The log-sum-exp of two groups from those of each."""
    low, high = min(first, second), max(first, second)
    if low == -math.inf or high == math.inf:
        return high
    return high + math.log1p(math.exp(low - high))


def log_sum_exp(values):
    """log of the sum of the exponentials, in one pass."""
    top = max(values, default=-math.inf)
    if math.isinf(top):
        return top
    total = sum(math.exp(value - top) for value in values)
    return top + math.log(total or 1e-300)
