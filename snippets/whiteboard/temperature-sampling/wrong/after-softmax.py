# Mistake: probabilities are divided instead of logits, so nothing has changed after normalisation.
# Message: sample([0, 1.09861, 0], 0.5, 0.1): expected 1, got 0
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
        total += math.exp(score - top) / temperature
        cumulative.append(total)
    return sum(mass <= draw * total for mass in cumulative)
