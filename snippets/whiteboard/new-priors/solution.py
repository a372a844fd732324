def adjust(posterior, old, new):
    """P(class | x) under the new shares."""
    if min(old) <= 0:
        raise ValueError(f"each class needs a share in training: {old}")
    weights = [p * n / o for p, o, n in zip(posterior, old, new)]
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
