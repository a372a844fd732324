import torch


def top_p(logits, p):
    """Logits (V,) -> probabilities after the filter (V,)."""
    raise NotImplementedError
