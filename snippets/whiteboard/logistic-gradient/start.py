import math


def loss_and_gradient(weights, bias, rows, labels, penalty=0.0):
    """The loss in nats, its gradients by weights and by bias."""
    raise NotImplementedError
