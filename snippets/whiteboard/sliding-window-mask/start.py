def window_mask(length, window, sinks=0):
    """mask[q][k]: True if key k is in the window of query q or a sink."""
    raise NotImplementedError


def reach(window, layers):
    """How many tokens can influence the last state, the last one included."""
    raise NotImplementedError
