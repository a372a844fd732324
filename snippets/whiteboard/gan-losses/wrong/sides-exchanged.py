# Mistake: the discriminator is rewarded for calling real images generated.
# Message: discriminator_loss([1.09861], [0]): expected 0.980829, got 2.07944
import math


def discriminator_loss(real, fake):
    """Minus the value of the game, for logits of real and generated images."""
    return -mean_log_sigmoid([-a for a in real]) - mean_log_sigmoid(fake)


def generator_loss(fake, saturating=False):
    """What the generator minimises, for logits of its images."""
    if saturating:
        return mean_log_sigmoid([-a for a in fake])
    return -mean_log_sigmoid(fake)


def mean_log_sigmoid(logits):
    """Without overflow on either side."""
    logs = [min(a, 0.0) - math.log1p(math.exp(-abs(a))) for a in logits]
    return sum(logs) / len(logs)
