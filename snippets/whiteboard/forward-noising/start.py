import math


def alpha_bar(betas, t):
    """The product of 1 - beta over the first t steps."""
    raise NotImplementedError


def noised(x0, t, noise, betas):
    """x_t for an image and standard normal noise."""
    raise NotImplementedError


def recovered(x, t, noise, betas):
    """The x_0 that x_t and its noise imply."""
    raise NotImplementedError
