def causal_mask(queries, keys):
    """A row for each query, a column for each key: True if visible."""
    raise NotImplementedError
