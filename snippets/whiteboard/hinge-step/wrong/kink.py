# Mistake: an example with a margin of exactly 1 contributes to the gradient.
# Message: hinge_step([0.5], 0, [[2]], [1], 0.5, 0): expected ([0.5], 0), got ([1.5], 0.5)
def hinge_step(weights, bias, rows, labels, rate, penalty):
    """The weights and the bias after one step."""
    if not set(labels) <= {-1, 1}:
        raise ValueError(f"labels must be -1 or 1: {labels}")
    slope = [penalty * w for w in weights]
    bias_slope = 0.0
    for x, y in zip(rows, labels):
        margin = y * (bias + sum(w * value for w, value in zip(weights, x)))
        if margin <= 1:
            slope = [s - y * value / len(rows) for s, value in zip(slope, x)]
            bias_slope -= y / len(rows)
    moved = [w - rate * s for w, s in zip(weights, slope)]
    return moved, bias - rate * bias_slope
