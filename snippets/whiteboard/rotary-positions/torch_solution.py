import torch


def rotate(vector, position, theta=10_000.0):
    """The vector (D,) with each pair (i, i + D/2) rotated by its angle."""
    width = len(vector)
    if width % 2:
        raise ValueError(f"{width} entries form no pairs")
    if width == 0:
        return vector
    exponent = torch.arange(0, width, 2, dtype=torch.double) / width
    angle = position / theta**exponent
    first, second = vector.chunk(2)
    cosine, sine = angle.cos(), angle.sin()
    return torch.cat([first * cosine - second * sine, first * sine + second * cosine])
