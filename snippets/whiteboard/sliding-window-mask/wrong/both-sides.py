# Mistake: the window is that of an encoder, which also reaches into the future.
# Message: window_mask(4, 2): expected [[True, False, False, False], [True, True, False, False], [False, True, True, False], [False, False, True, True]], got [[True, True, False, False], [True, True, True, False], [False, True, True, True], [False, False, True, True]]
def window_mask(length, window, sinks=0):
    """mask[q][k]: True if key k is in the window of query q or a sink."""
    if window < 1:
        raise ValueError(f"a token must see itself: window {window}")
    return [
        [(abs(q - k) < window or k < sinks) for k in range(length)]
        for q in range(length)
    ]


def reach(window, layers):
    """How many tokens can influence the last state, the last one included."""
    return layers * (window - 1) + 1
