# Mistake: layer norm divides by n - 1.
# Message: layer_norm([1, 3], [1, 1], [0, 0], 0): expected [-1, 1], got [-0.707107, 0.707107]
import math


def rms_norm(x, weight, eps=1e-6):
    """x over its root mean square, times the weight."""
    scale = math.sqrt(sum(v * v for v in x) / len(x) + eps)
    return [v / scale * w for v, w in zip(x, weight)]


def layer_norm(x, weight, bias, eps=1e-5):
    """x with mean 0 and variance 1, times the weight, plus the bias."""
    mean = sum(x) / len(x)
    centred = [v - mean for v in x]
    variance = sum(v * v for v in centred) / (len(x) - 1)
    scale = math.sqrt(variance + eps)
    normed = [v / scale * w for v, w in zip(centred, weight)]
    return [v + b for v, b in zip(normed, bias)]
