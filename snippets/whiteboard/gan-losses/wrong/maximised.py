# Mistake: the value of the game is returned without the minus sign, so minimising it makes the discriminator worse.
# Message: discriminator_loss([0], [0]): expected 1.38629, got -1.38629
import math


def discriminator_loss(real, fake):
    """Minus the value of the game, for logits of real and generated images."""
    return mean_log_sigmoid(real) + mean_log_sigmoid([-a for a in fake])


def generator_loss(fake, saturating=False):
    """What the generator minimises, for logits of its images."""
    if saturating:
        return mean_log_sigmoid([-a for a in fake])
    return -mean_log_sigmoid(fake)


def mean_log_sigmoid(logits):
    """Without overflow on either side."""
    logs = [min(a, 0.0) - math.log1p(math.exp(-abs(a))) for a in logits]
    return sum(logs) / len(logs)
