# Mistake: removed tokens get the logit 0 instead of minus infinity.
# Message: top_k([0, 1.09861, -5], 2): expected [0.25, 0.75, 0], got [0.2, 0.6, 0.2]
import math


def top_k(logits, k):
    """Probabilities after the filter; 0 for removed tokens."""
    if k < 1:
        raise ValueError(f"k must be at least 1: {k}")
    ordered = sorted(logits, reverse=True)
    threshold = ordered[min(k, len(logits)) - 1]
    weights = [
        math.exp((score if score >= threshold else 0.0) - ordered[0])
        for score in logits
    ]
    total = sum(weights)
    return [weight / total for weight in weights]
