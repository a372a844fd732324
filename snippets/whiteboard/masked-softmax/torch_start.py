import torch


def masked_softmax(scores, mask):
    """Scores and mask (queries, keys) -> weights; zeros where hidden."""
    raise NotImplementedError
