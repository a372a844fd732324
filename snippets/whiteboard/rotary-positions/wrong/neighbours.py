# Mistake: adjacent entries are paired, as in LLaMA's own code.
# Message: rotate([1, 0, 0, 0], 1): expected [0.540302, 0, 0.841471, 0], got [0.540302, 0.841471, 0, 0]
import math


def rotate(vector, position, theta=10_000.0):
    """The vector with each pair (i, i + D/2) rotated by its angle."""
    width = len(vector)
    if width % 2:
        raise ValueError(f"{width} entries form no pairs")
    half = width // 2
    first, second = [], []
    for i in range(half):
        a, b = vector[2 * i], vector[2 * i + 1]
        angle = position / theta ** (2 * i / width)
        cosine, sine = math.cos(angle), math.sin(angle)
        first += [a * cosine - b * sine, a * sine + b * cosine]
    return first + second
