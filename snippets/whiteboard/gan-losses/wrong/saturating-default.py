# Mistake: the generator's default is the minimax form.
# Message: generator_loss([0]): expected 0.693147, got -0.693147
import math


def discriminator_loss(real, fake):
    """Minus the value of the game, for logits of real and generated images."""
    return -mean_log_sigmoid(real) - mean_log_sigmoid([-a for a in fake])


def generator_loss(fake, saturating=True):
    """What the generator minimises, for logits of its images."""
    if saturating:
        return mean_log_sigmoid([-a for a in fake])
    return -mean_log_sigmoid(fake)


def mean_log_sigmoid(logits):
    """Without overflow on either side."""
    logs = [min(a, 0.0) - math.log1p(math.exp(-abs(a))) for a in logits]
    return sum(logs) / len(logs)
