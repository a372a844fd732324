import torch


def top_k(logits, k):
    """Logits (V,) -> probabilities after the filter (V,)."""
    raise NotImplementedError
