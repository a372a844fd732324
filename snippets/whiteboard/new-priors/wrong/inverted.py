# Mistake: old and new shares are exchanged.
# Message: adjust([0.5, 0.5], [0.5, 0.5], [0.9, 0.1]): expected [0.9, 0.1], got [0.1, 0.9]
def adjust(posterior, old, new):
    """P(class | x) under the new shares."""
    if min(old) <= 0:
        raise ValueError(f"each class needs a share in training: {old}")
    weights = [p * o / (n or 1.0) for p, o, n in zip(posterior, old, new)]
    total = sum(weights)
    if total == 0:
        raise ValueError("no class is possible")
    return [weight / total for weight in weights]


def estimate(posteriors, old, steps):
    """The new shares of the classes, from rows without labels."""
    shares = old
    for _ in range(steps):
        rows = [adjust(row, old, shares) for row in posteriors]
        shares = [sum(column) / len(rows) for column in zip(*rows)]
    return shares
