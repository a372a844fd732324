# Mistake: tokens that tie with the k-th are removed.
# Message: top_k([2, 2, 2], 1): expected [0.333333, 0.333333, 0.333333], got [1, 0, 0]
import math


def top_k(logits, k):
    """Probabilities after the filter; 0 for removed tokens."""
    if k < 1:
        raise ValueError(f"k must be at least 1: {k}")
    ordered = sorted(logits, reverse=True)
    highest = sorted(range(len(logits)), key=lambda i: -logits[i])[:k]
    weights = [
        math.exp(score - ordered[0]) if i in highest else 0.0
        for i, score in enumerate(logits)
    ]
    total = sum(weights)
    return [weight / total for weight in weights]
