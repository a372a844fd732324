import math


def sample(logits, temperature, draw):
    """The token that a uniform draw in [0, 1) selects."""
    raise NotImplementedError
