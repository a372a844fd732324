import math


def top_p(logits, p):
    """Probabilities after the filter; 0 for removed tokens."""
    raise NotImplementedError
