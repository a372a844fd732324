# Mistake: RMSNorm uses the sum of the squares instead of their mean.
# Message: rms_norm([3, 4], [1, 1], 0): expected [0.848528, 1.13137], got [0.6, 0.8]
import math


def rms_norm(x, weight, eps=1e-6):
    """x over its root mean square, times the weight."""
    scale = math.sqrt(sum(v * v for v in x) + eps)
    return [v / scale * w for v, w in zip(x, weight)]


def layer_norm(x, weight, bias, eps=1e-5):
    """x with mean 0 and variance 1, times the weight, plus the bias."""
    mean = sum(x) / len(x)
    centred = [v - mean for v in x]
    normed = rms_norm(centred, weight, eps)
    return [v + b for v, b in zip(normed, bias)]
