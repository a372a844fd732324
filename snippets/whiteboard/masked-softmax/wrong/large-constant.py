# Mistake: a large negative constant is added, so a fully masked row gets weights that sum to 1.
# Message: masked_softmax([[1, 2]], [[False, False]]): expected [[0, 0]], got [[0.268941, 0.731059]]
import math


def masked_softmax(scores, mask):
    """Adds a large negative number where the mask is False."""
    rows = []
    for row, visible in zip(scores, mask):
        shown = [s + (0.0 if v else -1e9) for s, v in zip(row, visible)]
        top = max(shown)
        weights = [math.exp(s - top) for s in shown]
        rows.append([w / sum(weights) for w in weights])
    return rows
