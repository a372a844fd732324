def adjust(posterior, old, new):
    """P(class | x) under the new priors."""
    if min(old) <= 0:
        raise ValueError(f"each old prior must be positive: {old}")
    weights = [p * n / o for p, o, n in zip(posterior, old, new)]
    total = sum(weights)
    if total == 0:
        raise ValueError("no class is possible")
    return [weight / total for weight in weights]


def estimate(posteriors, old, steps):
    """The new class priors, estimated without labels."""
    priors = old
    for _ in range(steps):
        corrected = [adjust(p, old, priors) for p in posteriors]
        priors = [sum(column) / len(corrected) for column in zip(*corrected)]
    return priors
