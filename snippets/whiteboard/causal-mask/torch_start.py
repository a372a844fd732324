import torch


def causal_mask(queries, keys):
    """A boolean tensor (queries, keys): True if visible."""
    raise NotImplementedError
