import torch


def window_mask(length, window, sinks=0):
    """mask (length, length): True if the key is in the window or a sink."""
    raise NotImplementedError


def reach(window, layers):
    """How many tokens can influence the last state, the last one included."""
    raise NotImplementedError
