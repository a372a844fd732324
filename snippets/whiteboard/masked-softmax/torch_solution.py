import torch


def masked_softmax(scores, mask):
    """Scores and mask (queries, keys) -> weights; zeros where hidden."""
    if len(scores) == 0:
        return scores
    hidden = ~mask | (scores == float("-inf"))
    filled = scores.masked_fill(hidden, float("-inf"))
    weights = filled.softmax(dim=-1)
    return weights.masked_fill(hidden, 0.0)  # NaN in a fully masked row, too
