# Mistake: a window is counted at its full size, however short the text is.
# Message: cache_bytes(2, 1, 1, 10, window=100): expected 80, got 800
def cache_bytes(
    layers,
    kv_heads,
    head_width,
    tokens,
    batch=1,
    bytes_each=2,
    window=None,
    global_every=0,
):
    """The size of the keys and values of all layers, in bytes."""
    local_tokens = tokens if window is None else window
    global_layers = layers // global_every if global_every else 0
    positions = global_layers * tokens + (layers - global_layers) * local_tokens
    return 2 * kv_heads * head_width * bytes_each * batch * positions
