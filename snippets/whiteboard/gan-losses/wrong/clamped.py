# Mistake: probabilities are clamped, so a large loss stops growing and has no gradient.
# Message: discriminator_loss([-1000], [1000]): expected 2000, got 36.8414
import math


def discriminator_loss(real, fake):
    """Minus the value of the game, for logits of real and generated images."""
    return -mean_log_sigmoid(real) - mean_log_sigmoid([-a for a in fake])


def generator_loss(fake, saturating=False):
    """What the generator minimises, for logits of its images."""
    if saturating:
        return mean_log_sigmoid([-a for a in fake])
    return -mean_log_sigmoid(fake)


def mean_log_sigmoid(logits):
    """Without overflow on either side."""
    logs = [math.log(max(1 / (1 + math.exp(-max(a, -700.0))), 1e-8)) for a in logits]
    return sum(logs) / len(logs)
