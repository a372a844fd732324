import torch


def discriminator_loss(real, fake):
    """Logits (N,) and (M,) -> minus the value of the game."""
    raise NotImplementedError


def generator_loss(fake, saturating=False):
    """Logits (M,) -> what the generator minimises."""
    raise NotImplementedError
