# Mistake: the mean is taken only over the examples with a margin below 1.
# Message: hinge_step([0.25, 0], 0, [[2, 0], [0, 4], [9, 0], [0, -2]], [1, -1, 1, -1], 1, 0): expected ([0.75, -0.5], -0.25), got ([0.916667, -0.666667], -0.333333)
def hinge_step(weights, bias, rows, labels, rate, penalty):
    """The weights and the bias after one step."""
    if not set(labels) <= {-1, 1}:
        raise ValueError(f"labels must be -1 or 1: {labels}")
    slope = [penalty * w for w in weights]
    bias_slope = 0.0
    for x, y in zip(rows, labels):
        margin = y * (bias + sum(w * value for w, value in zip(weights, x)))
        if margin < 1:
            slope = [
                s
                - y
                * value
                / sum(
                    t * (bias + sum(w * v for w, v in zip(weights, r))) < 1
                    for r, t in zip(rows, labels)
                )
                for s, value in zip(slope, x)
            ]
            bias_slope -= y / sum(
                t * (bias + sum(w * v for w, v in zip(weights, r))) < 1
                for r, t in zip(rows, labels)
            )
    moved = [w - rate * s for w, s in zip(weights, slope)]
    return moved, bias - rate * bias_slope
