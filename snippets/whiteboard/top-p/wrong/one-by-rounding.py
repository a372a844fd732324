# Mistake: at p = 1 the cumulative sum is rounded to 1 too early, which removes unlikely tokens.
# Message: top_p([0, -39], 1): expected [1, 1.15482e-17], got [1, 0]
import math


def top_p(logits, p):
    """Probabilities after the filter; 0 for removed tokens."""
    if not 0 < p <= 1:
        raise ValueError(f"p must be above 0 and at most 1: {p}")
    probabilities = softmax(logits)
    nucleus = [0.0] * len(logits)
    mass = 0.0
    for token in sorted(range(len(logits)), key=lambda i: -probabilities[i]):
        if mass < p:
            nucleus[token] = probabilities[token]
            mass += probabilities[token]
    return [probability / mass for probability in nucleus]


def softmax(logits):
    """Without overflow."""
    top = max(logits)
    weights = [math.exp(score - top) for score in logits]
    total = sum(weights)
    return [weight / total for weight in weights]
