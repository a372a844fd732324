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
    raise NotImplementedError
