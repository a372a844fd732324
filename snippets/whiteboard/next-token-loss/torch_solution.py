import torch
from torch.nn.functional import cross_entropy


def next_token_loss(logits, tokens, pad=0):
    """Logits (B, T, V), tokens (B, T) -> the mean loss in nats."""
    targets = tokens[:, 1:].flatten()
    if bool((targets == pad).all()):
        raise ValueError("the batch has no target")
    return cross_entropy(logits[:, :-1].flatten(0, 1), targets, ignore_index=pad)


def perplexity(logits, tokens, pad=0):
    """The exponential of the mean loss."""
    return torch.exp(next_token_loss(logits, tokens, pad))
