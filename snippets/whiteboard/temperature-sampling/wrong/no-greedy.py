# Mistake: temperature 0 divides by zero.
# Message: sample([0, 1.09861, 0], 0, 0.99): expected 1, got ZeroDivisionError: division by zero
import math


def sample(logits, temperature, draw):
    """The token that a uniform draw in [0, 1) selects."""
    if temperature < 0:
        raise ValueError(f"a temperature is not negative: {temperature}")
    top = max(logits)
    cumulative = []
    total = 0.0
    for score in logits:
        total += math.exp((score - top) / temperature)
        cumulative.append(total)
    return sum(mass <= draw * total for mass in cumulative)
