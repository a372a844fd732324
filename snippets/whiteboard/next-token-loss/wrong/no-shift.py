# Mistake: logits are compared with the token that the model has just seen.
# Message: next_token_loss([[[0, 0, 0, 0], [0, 0, 1.79176, 0]]], [[1, 2]]): expected 1.38629, got 0.89588
import math


def next_token_loss(logits, tokens, pad=0):
    """Mean of -log P(next token) in nats over the targets of a batch."""
    losses = [
        log_sum_exp(scores) - scores[target]
        for rows, text in zip(logits, tokens)
        for scores, target in zip(rows, text)
        if target != pad
    ]
    if not losses:
        raise ValueError("the batch has no target")
    return sum(losses) / len(losses)


def perplexity(logits, tokens, pad=0):
    """The exponential of the mean loss."""
    return math.exp(next_token_loss(logits, tokens, pad))


def log_sum_exp(scores):
    """Without overflow."""
    top = max(scores)
    return top + math.log(sum(math.exp(s - top) for s in scores))
