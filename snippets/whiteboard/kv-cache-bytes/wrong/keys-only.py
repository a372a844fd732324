# Mistake: values are forgotten.
# Message: cache_bytes(1, 1, 1, 1): expected 4, got 2
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
    local_tokens = tokens if window is None else min(tokens, window)
    global_layers = layers // global_every if global_every else 0
    positions = global_layers * tokens + (layers - global_layers) * local_tokens
    return kv_heads * head_width * bytes_each * batch * positions
