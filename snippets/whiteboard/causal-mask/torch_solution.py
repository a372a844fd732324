import torch


def causal_mask(queries, keys):
    """A boolean tensor (queries, keys): True if visible."""
    if queries > keys:
        raise ValueError(f"{queries} queries need as many keys: {keys}")
    ones = torch.ones(queries, keys, dtype=torch.bool)
    return ones.tril(keys - queries)
