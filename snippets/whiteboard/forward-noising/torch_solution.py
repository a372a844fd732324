import torch


def alpha_bar(betas, t):
    """The product of 1 - beta (T,) over the first t steps."""
    if not 0 <= t <= len(betas):
        raise ValueError(f"time {t} is not in 0 to {len(betas)}")
    return (1 - betas[:t]).prod()


def noised(x0, t, noise, betas):
    """x_t for an image (D,) and standard normal noise (D,)."""
    a = alpha_bar(betas, t)
    return a.sqrt() * x0 + (1 - a).sqrt() * noise


def recovered(x, t, noise, betas):
    """The x_0 that x_t (D,) and its noise (D,) imply."""
    a = alpha_bar(betas, t)
    return (x - (1 - a).sqrt() * noise) / a.sqrt()
