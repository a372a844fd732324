# Mistake: EM corrects the posteriors of the previous step instead of the original ones, so one prior drifts to 1.
# Message: estimate([[0.9, 0.1], [0.7, 0.3]], [0.5, 0.5], 3): expected [0.98261, 0.01739], got [0.995575, 0.00442489]
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
        corrected = posteriors = [adjust(p, old, priors) for p in posteriors]
        priors = [sum(column) / len(corrected) for column in zip(*corrected)]
    return priors
