# Mistake: queries and keys are swapped, so a token attends to itself and to the future.
# Message: causal_mask(2, 2): expected [[True, False], [True, True]], got [[True, True], [False, True]]
def causal_mask(queries, keys):
    """A row for each query, a column for each key: True if visible."""
    past = keys - queries  # tokens in the cache
    if past < 0:
        raise ValueError(f"{queries} queries need as many keys: {keys}")
    return [[k >= past + q for k in range(keys)] for q in range(queries)]
