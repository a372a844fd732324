# Mistake: the softmax is taken over all tokens, so the remaining probabilities no longer sum to 1.
# Message: top_k([0, 1.09861, -5], 2): expected [0.25, 0.75, 0], got [0.24958, 0.748739, 0]
import math


def top_k(logits, k):
    """Probabilities after the filter; 0 for removed tokens."""
    if k < 1:
        raise ValueError(f"k must be at least 1: {k}")
    ordered = sorted(logits, reverse=True)
    threshold = ordered[min(k, len(logits)) - 1]
    weights = [
        math.exp(score - ordered[0]) if score >= threshold else 0.0 for score in logits
    ]
    total = sum(math.exp(score - ordered[0]) for score in logits)
    return [weight / total for weight in weights]
