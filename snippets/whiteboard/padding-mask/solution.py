def padded_masks(lengths, side):
    """For each text a mask (size, size): True if the key is visible."""
    size = max(lengths)
    return [
        [[k in real and k <= q and q in real for k in range(size)] for q in range(size)]
        for real in real_places(lengths, side)
    ]


def position_ids(lengths, side):
    """For each text the position of each token; 0 for padding."""
    size = max(lengths)
    return [
        [i - real.start if i in real else 0 for i in range(size)]
        for real in real_places(lengths, side)
    ]


def real_places(lengths, side):
    """For each text the indices of its tokens in the padded sequence."""
    if side not in ("left", "right"):
        raise ValueError(f"side must be left or right: {side!r}")
    size = max(lengths)
    starts = [size - n if side == "left" else 0 for n in lengths]
    return [range(s, s + n) for s, n in zip(starts, lengths)]
