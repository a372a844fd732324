# Mistake: the rotation is clockwise: scores are right, but the vectors differ from those of other implementations.
# Message: rotate([1, 0], 1): expected [0.540302, 0.841471], got [0.540302, -0.841471]
import math


def rotate(vector, position, theta=10_000.0):
    """The vector with each pair (i, i + D/2) rotated by its angle."""
    width = len(vector)
    if width % 2:
        raise ValueError(f"{width} entries form no pairs")
    half = width // 2
    first, second = [], []
    for i in range(half):
        a, b = vector[i], vector[i + half]
        angle = position / theta ** (2 * i / width)
        cosine, sine = math.cos(angle), math.sin(angle)
        first.append(a * cosine + b * sine)
        second.append(b * cosine - a * sine)
    return first + second
