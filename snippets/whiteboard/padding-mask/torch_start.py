import torch


def padded_masks(lengths, side):
    """Boolean tensor (texts, size, size): True if the key is visible."""
    raise NotImplementedError


def position_ids(lengths, side):
    """The position of each token (texts, size); 0 for padding."""
    raise NotImplementedError
