# Mistake: the bias is penalised like a weight.
# Message: loss_and_gradient([0], 1.09861, [[0]], [1], 2): expected (0.287682, [0], -0.25), got (1.49463, [0], 1.94722)
import math


def loss_and_gradient(weights, bias, rows, labels, penalty=0.0):
    """The loss in nats, its gradients by weights and by bias."""
    loss = penalty / 2 * sum(w * w for w in [*weights, bias])
    slope = [penalty * w for w in weights]
    bias_slope = penalty * bias
    for x, y in zip(rows, labels):
        z = bias + sum(w * value for w, value in zip(weights, x))
        loss += (max(z, 0.0) - z * y + math.log1p(math.exp(-abs(z)))) / len(rows)
        error = (sigmoid(z) - y) / len(rows)
        slope = [s + error * value for s, value in zip(slope, x)]
        bias_slope += error
    return loss, slope, bias_slope


def sigmoid(z):
    """Without overflow on either side."""
    small = math.exp(-abs(z))
    return (1.0 if z >= 0 else small) / (1.0 + small)
