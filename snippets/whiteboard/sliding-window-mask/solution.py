def window_mask(length, window, sinks=0):
    """mask[q][k]: True if key k is in the window of query q or a sink."""
    if window < 1:
        raise ValueError(f"a token must see itself: window {window}")
    return [
        [k <= q and (q - k < window or k < sinks) for k in range(length)]
        for q in range(length)
    ]


def reach(window, layers):
    """How many tokens can influence the last state, the last one included."""
    return layers * (window - 1) + 1
