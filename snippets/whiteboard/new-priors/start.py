def adjust(posterior, old, new):
    """P(class | x) under the new shares."""
    raise NotImplementedError


def estimate(posteriors, old, steps):
    """The new shares of the classes, from rows without labels."""
    raise NotImplementedError
