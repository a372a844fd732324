def packed_prefix_mask(documents):
    """The mask of a sequence of documents (prefix, length) in order."""
    raise NotImplementedError
