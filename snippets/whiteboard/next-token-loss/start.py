import math


def next_token_loss(logits, tokens, pad=0):
    """Mean of -log P(next token) in nats over the targets of a batch."""
    raise NotImplementedError


def perplexity(logits, tokens, pad=0):
    """The exponential of the mean loss."""
    raise NotImplementedError
