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
        first.append(a * cosine - b * sine)
        second.append(a * sine + b * cosine)
    return first + second
