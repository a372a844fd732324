import torch


def rotate(vector, position, theta=10_000.0):
    """The vector (D,) with each pair (i, i + D/2) turned by its angle."""
    raise NotImplementedError
