import torch
from torch.nn.functional import logsigmoid


def discriminator_loss(real, fake):
    """Logits (N,) and (M,) -> minus the value of the game."""
    return -logsigmoid(real).mean() - logsigmoid(-fake).mean()


def generator_loss(fake, saturating=False):
    """Logits (M,) -> what the generator minimises."""
    return logsigmoid(-fake).mean() if saturating else -logsigmoid(fake).mean()
