# Mistake: key and value matrices are counted at full width.
# Message: parameters(0, 8, 1, 4, 0, kv_heads=1): expected 184, got 280
def parameters(vocabulary, width, layers, heads, hidden, kv_heads=None, tied=False):
    """The number of parameters."""
    kv_heads = heads if kv_heads is None else kv_heads
    if width % heads or heads % kv_heads:
        raise ValueError(f"width {width}, {heads} heads, {kv_heads} key-value heads")
    kv_width = width
    attention = 2 * width * width + 2 * width * kv_width
    feed_forward = 3 * width * hidden
    norms = 2 * width
    embedding = vocabulary * width
    blocks = layers * (attention + feed_forward + norms)
    return blocks + width + embedding + (0 if tied else embedding)
