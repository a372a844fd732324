def parameters(vocabulary, width, layers, heads, hidden, kv_heads=None, tied=False):
    """The number of parameters."""
    raise NotImplementedError
