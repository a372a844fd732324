# Mistake: the corrected posterior does not sum to 1.
# Message: adjust([0.9, 0.1], [0.5, 0.5], [0.1, 0.9]): expected [0.5, 0.5], got [0.18, 0.18]
def adjust(posterior, old, new):
    """P(class | x) under the new priors."""
    if min(old) <= 0:
        raise ValueError(f"each old prior must be positive: {old}")
    weights = [p * n / o for p, o, n in zip(posterior, old, new)]
    total = sum(weights)
    if total == 0:
        raise ValueError("no class is possible")
    return weights


def estimate(posteriors, old, steps):
    """The new class priors, estimated without labels."""
    priors = old
    for _ in range(steps):
        corrected = [adjust(p, old, priors) for p in posteriors]
        priors = [sum(column) / len(corrected) for column in zip(*corrected)]
    return priors
