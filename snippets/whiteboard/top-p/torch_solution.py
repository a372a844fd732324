import torch


def top_p(logits, p):
    """Logits (V,) -> probabilities after the filter (V,)."""
    if not 0 < p <= 1:
        raise ValueError(f"p must be above 0 and at most 1: {p}")
    probabilities = logits.softmax(dim=-1)
    if p == 1:
        return probabilities
    ordered, ids = probabilities.sort(descending=True, stable=True)
    before = ordered.cumsum(dim=0) - ordered
    nucleus = torch.zeros_like(probabilities)
    nucleus[ids] = ordered * (before < p)
    return nucleus / nucleus.sum()
