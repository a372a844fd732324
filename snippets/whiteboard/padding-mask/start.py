def padded_masks(lengths, side):
    """For each text a mask (size, size): True if the key is visible."""
    raise NotImplementedError


def position_ids(lengths, side):
    """For each text the position of each token; 0 for padding."""
    raise NotImplementedError
