import torch


def alpha_bar(betas, t):
    """The product of 1 - beta (T,) over the first t steps."""
    raise NotImplementedError


def noised(x0, t, noise, betas):
    """x_t for an image (D,) and standard normal noise (D,)."""
    raise NotImplementedError


def recovered(x, t, noise, betas):
    """The x_0 that x_t (D,) and its noise (D,) imply."""
    raise NotImplementedError
