import torch


def packed_prefix_mask(documents):
    """The mask (size, size) of one row; documents: pairs (prefix, length)."""
    raise NotImplementedError
