# Mistake: the feed-forward layer has two matrices, as if it were not gated.
# Message: parameters(0, 8, 1, 2, 5): expected 400, got 360
def parameters(vocabulary, width, layers, heads, hidden, kv_heads=None, tied=False):
    """The number of parameters."""
    kv_heads = heads if kv_heads is None else kv_heads
    if width % heads or heads % kv_heads:
        raise ValueError(f"width {width}, {heads} heads, {kv_heads} key-value heads")
    kv_width = width // heads * kv_heads
    attention = 2 * width * width + 2 * width * kv_width
    feed_forward = 2 * width * hidden
    norms = 2 * width
    embedding = vocabulary * width
    blocks = layers * (attention + feed_forward + norms)
    return blocks + width + embedding + (0 if tied else embedding)
