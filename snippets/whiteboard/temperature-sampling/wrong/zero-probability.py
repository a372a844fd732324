# Mistake: cumulative sums are compared with < instead of <=, so a random number of 0 selects a token of probability 0.
# Message: sample([0, 0], 1, 0.5): expected 1, got 0
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
        total += math.exp((score - top) / temperature)
        cumulative.append(total)
    return sum(mass < draw * total for mass in cumulative)
