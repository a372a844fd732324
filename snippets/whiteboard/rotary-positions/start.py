import math


def rotate(vector, position, theta=10_000.0):
    """The vector with each pair (i, i + D/2) rotated by its angle."""
    raise NotImplementedError
