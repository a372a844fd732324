# Mistake: masked scores are set to 0 instead of minus infinity.
# Message: masked_softmax([[1, 1, 5]], [[True, True, False]]): expected [[0.5, 0.5, 0]], got [[0.422319, 0.422319, 0.155362]]
import math


def masked_softmax(scores, mask):
    """Multiplies the scores by the mask."""
    rows = []
    for row, visible in zip(scores, mask):
        shown = [s * v for s, v in zip(row, visible)]
        top = max(shown)
        weights = [math.exp(s - top) for s in shown]
        rows.append([w / sum(weights) for w in weights])
    return rows
