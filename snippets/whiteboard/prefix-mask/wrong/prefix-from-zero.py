# Mistake: keys of earlier documents are visible.
# Message: packed_prefix_mask([(0, 1), (0, 1)]): expected [[True, False], [False, True]], got [[True, False], [True, True]]
def packed_prefix_mask(documents):
    """The mask of a sequence of documents (prefix, length) in order."""
    size = sum(length for _, length in documents)
    rows = []
    for prefix, length in documents:
        if prefix > length:
            raise ValueError(f"a prefix of {prefix} in {length} tokens")
        start = len(rows)
        for q in range(length):
            stop = start + max(q + 1, prefix)
            rows.append([k < stop for k in range(size)])
    return rows
