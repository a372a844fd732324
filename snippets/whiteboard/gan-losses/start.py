import math


def discriminator_loss(real, fake):
    """Minus the value of the game, for logits of real and generated images."""
    raise NotImplementedError


def generator_loss(fake, saturating=False):
    """What the generator minimises, for logits of its images."""
    raise NotImplementedError
