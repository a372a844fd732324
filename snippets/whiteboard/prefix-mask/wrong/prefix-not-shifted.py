# Mistake: the prefix of each document is counted from key 0 of the sequence.
# Message: packed_prefix_mask([(2, 2), (2, 3)])[2][3]: expected True, got False
def packed_prefix_mask(documents):
    """The mask of a sequence of documents (prefix, length) in order."""
    size = sum(length for _, length in documents)
    rows = []
    for prefix, length in documents:
        if prefix > length:
            raise ValueError(f"a prefix of {prefix} in {length} tokens")
        start = len(rows)
        for q in range(length):
            stop = max(start + q + 1, prefix)
            rows.append([start <= k < stop for k in range(size)])
    return rows
