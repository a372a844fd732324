# Mistake: true means masked, as in torch.nn.MultiheadAttention.
# Message: causal_mask(1, 1): expected [[True]], got [[False]]
def causal_mask(queries, keys):
    """A row for each query, a column for each key: True if visible."""
    past = keys - queries  # tokens in the cache
    if past < 0:
        raise ValueError(f"{queries} queries need as many keys: {keys}")
    return [[k > past + q for k in range(keys)] for q in range(queries)]
