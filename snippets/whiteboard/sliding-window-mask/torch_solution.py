import torch


def window_mask(length, window, sinks=0):
    """mask (length, length): True if the key is in the window or a sink."""
    if window < 1:
        raise ValueError(f"a token must see itself: window {window}")
    q, k = torch.arange(length)[:, None], torch.arange(length)
    return (k <= q) & ((q - k < window) | (k < sinks))


def reach(window, layers):
    """How many tokens can influence the last state, the last one included."""
    return layers * (window - 1) + 1
