import torch


def top_k(logits, k):
    """Logits (V,) -> probabilities after the filter (V,)."""
    if k < 1:
        raise ValueError(f"k must be at least 1: {k}")
    threshold = torch.topk(logits, min(k, len(logits))).values[-1]
    return logits.masked_fill(logits < threshold, float("-inf")).softmax(dim=-1)
