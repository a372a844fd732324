import torch


def packed_prefix_mask(documents):
    """The mask (size, size) of a sequence; documents: pairs (prefix, length)."""
    blocks = []
    for prefix, length in documents:
        if prefix > length:
            raise ValueError(f"a prefix of {prefix} in {length} tokens")
        q, k = torch.arange(length)[:, None], torch.arange(length)
        blocks.append((k <= q) | (k < prefix))
    return torch.block_diag(*blocks).bool() if blocks else []
