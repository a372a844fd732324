# Mistake: the bias shrinks like a weight.
# Message: hinge_step([2], 3, [[1]], [1], 0.5, 0.25): expected ([1.75], 3), got ([1.75], 2.625)
def hinge_step(weights, bias, rows, labels, rate, penalty):
    """The weights and the bias after one step."""
    if not set(labels) <= {-1, 1}:
        raise ValueError(f"labels must be -1 or 1: {labels}")
    slope = [penalty * w for w in weights]
    bias_slope = penalty * bias
    for x, y in zip(rows, labels):
        margin = y * (bias + sum(w * value for w, value in zip(weights, x)))
        if margin < 1:
            slope = [s - y * value / len(rows) for s, value in zip(slope, x)]
            bias_slope -= y / len(rows)
    moved = [w - rate * s for w, s in zip(weights, slope)]
    return moved, bias - rate * bias_slope
