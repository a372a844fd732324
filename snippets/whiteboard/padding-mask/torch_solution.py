import torch


def padded_masks(lengths, side):
    """Boolean tensor (texts, size, size): True if the key is visible."""
    real = real_tokens(lengths, side)
    causal = torch.ones(real.shape[1], real.shape[1], dtype=torch.bool).tril()
    return causal & real[:, None, :] & real[:, :, None]


def position_ids(lengths, side):
    """The position of each token (texts, size); 0 for padding."""
    real = real_tokens(lengths, side)
    return (real.cumsum(dim=1) - 1) * real


def real_tokens(lengths, side):
    """Boolean tensor (texts, size): False at padding."""
    if side not in ("left", "right"):
        raise ValueError(f"side must be left or right: {side!r}")
    place = torch.arange(int(lengths.max()))
    if side == "left":
        place = place.flip(0)
    return place < lengths[:, None]
