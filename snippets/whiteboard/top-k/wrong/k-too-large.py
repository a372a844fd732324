# Mistake: a k larger than the vocabulary raises an index error.
# Message: top_k([0, 1.09861], 50): expected [0.25, 0.75], got IndexError: list index out of range
import math


def top_k(logits, k):
    """Probabilities after the filter; 0 for removed tokens."""
    if k < 1:
        raise ValueError(f"k must be at least 1: {k}")
    ordered = sorted(logits, reverse=True)
    threshold = ordered[k - 1]
    weights = [
        math.exp(score - ordered[0]) if score >= threshold else 0.0 for score in logits
    ]
    total = sum(weights)
    return [weight / total for weight in weights]
