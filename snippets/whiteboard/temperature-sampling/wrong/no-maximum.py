# Mistake: the largest logit is not subtracted.
# Message: sample([1000, 1000], 1, 0.6): expected 1, got OverflowError: math range error
import math


def sample(logits, temperature, draw):
    """The token that a uniform draw in [0, 1) selects."""
    if temperature < 0:
        raise ValueError(f"a temperature is not negative: {temperature}")
    top = max(logits)
    if temperature == 0:
        return logits.index(top)
    cumulative = []
    total = 0.0
    for score in logits:
        total += math.exp(score / temperature)
        cumulative.append(total)
    return sum(mass <= draw * total for mass in cumulative)
