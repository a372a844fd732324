# Mistake: the output layer is always tied to the embedding.
# Message: parameters(10, 8, 0, 2, 0): expected 168, got 88
def parameters(vocabulary, width, layers, heads, hidden, kv_heads=None, tied=False):
    """The number of parameters."""
    kv_heads = heads if kv_heads is None else kv_heads
    if width % heads or heads % kv_heads:
        raise ValueError(f"width {width}, {heads} heads, {kv_heads} key-value heads")
    kv_width = width // heads * kv_heads
    attention = 2 * width * width + 2 * width * kv_width
    feed_forward = 3 * width * hidden
    norms = 2 * width
    embedding = vocabulary * width
    blocks = layers * (attention + feed_forward + norms)
    return blocks + width + embedding
