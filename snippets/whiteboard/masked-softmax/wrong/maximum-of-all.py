# Mistake: the maximum is taken over masked scores too, and the visible weights vanish.
# Message: masked_softmax([[0, 0, 1000]], [[True, True, False]]): expected [[0.5, 0.5, 0]], got [[0, 0, 0]]
import math


def masked_softmax(scores, mask):
    """The weights of each query; zeros where the mask is False."""
    return [softmax(row, visible) for row, visible in zip(scores, mask)]


def softmax(row, visible):
    """The weights of one query."""
    seen = [v and s > -math.inf for s, v in zip(row, visible)]
    if not any(seen):
        return [0.0] * len(row)
    top = max(row)
    weights = [math.exp(s - top) if v else 0.0 for s, v in zip(row, seen)]
    total = sum(weights) or 1.0
    return [w / total for w in weights]
