# Mistake: tokens are added in order from the least likely to the most likely.
# Message: top_p([1.60944, 1.09861, 0.693147], 0.6): expected [0.625, 0.375, 0], got [0.5, 0.3, 0.2]
import math


def top_p(logits, p):
    """Probabilities after the filter; 0 for removed tokens."""
    if not 0 < p <= 1:
        raise ValueError(f"p must be above 0 and at most 1: {p}")
    probabilities = softmax(logits)
    if p == 1:
        return probabilities
    nucleus = [0.0] * len(logits)
    mass = 0.0
    for token in sorted(range(len(logits)), key=lambda i: probabilities[i]):
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
