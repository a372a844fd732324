def adjust(posterior, old, new):
    """P(class | x) under the new priors."""
    raise NotImplementedError


def estimate(posteriors, old, steps):
    """The new class priors, estimated without labels."""
    raise NotImplementedError
