# Mistake: the mask is aligned at the top left, as if there were no cache.
# Message: causal_mask(1, 4): expected [[True, True, True, True]], got [[True, False, False, False]]
def causal_mask(queries, keys):
    """A row for each query, a column for each key: True if visible."""
    past = keys - queries  # tokens in the cache
    if past < 0:
        raise ValueError(f"{queries} queries need as many keys: {keys}")
    return [[k <= q for k in range(keys)] for q in range(queries)]
