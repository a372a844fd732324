# Mistake: the largest score is not subtracted.
# Message: masked_softmax([[1000, 1000]], [[True, True]]): expected [[0.5, 0.5]], got OverflowError: math range error
import math


def masked_softmax(scores, mask):
    """The weights of each query; zeros where the mask is False."""
    return [softmax(row, visible) for row, visible in zip(scores, mask)]


def softmax(row, visible):
    """The weights of one query."""
    seen = [v and s > -math.inf for s, v in zip(row, visible)]
    if not any(seen):
        return [0.0] * len(row)
    top = max(s for s, v in zip(row, seen) if v)
    weights = [math.exp(s) if v else 0.0 for s, v in zip(row, seen)]
    total = sum(weights)
    return [w / total for w in weights]
