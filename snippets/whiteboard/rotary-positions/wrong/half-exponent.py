# Mistake: the exponent is i/D instead of 2i/D, so the last pairs rotate too fast.
# Message: rotate([0, 1, 0, 0], 1): expected [0, 0.99995, 0, 0.00999983], got [0, 0.995004, 0, 0.0998334]
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
        angle = position / theta ** (i / width)
        cosine, sine = math.cos(angle), math.sin(angle)
        first.append(a * cosine - b * sine)
        second.append(a * sine + b * cosine)
    return first + second
