def packed_prefix_mask(documents):
    """The mask of one row with the documents (prefix, length) in order."""
    raise NotImplementedError
