import math


def top_k(logits, k):
    """Probabilities after the filter; 0 for removed tokens."""
    raise NotImplementedError
