import torch


def packed_prefix_mask(documents):
    """The mask (size, size) of a sequence; documents: pairs (prefix, length)."""
    raise NotImplementedError
