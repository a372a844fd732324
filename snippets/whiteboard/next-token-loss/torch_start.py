import torch


def next_token_loss(logits, tokens, pad=0):
    """Logits (B, T, V), tokens (B, T) -> the mean loss in nats."""
    raise NotImplementedError


def perplexity(logits, tokens, pad=0):
    """The exponential of the mean loss."""
    raise NotImplementedError
