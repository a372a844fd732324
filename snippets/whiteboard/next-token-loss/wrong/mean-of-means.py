# Mistake: the mean is taken over texts, so a short text counts more.
# Message: next_token_loss([[[0, 0, 1.79176, 0], [0, 0, 1.79176, 0], [0, 0, 1.79176, 0], [0, 0, 1.79176, 0]], [[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]], [[1, 2, 2, 2], [1, 3, 0, 0]]): expected 0.650672, got 0.89588
import math


def next_token_loss(logits, tokens, pad=0):
    """The mean over texts of the mean over tokens."""
    means = []
    for rows, text in zip(logits, tokens):
        pairs = [(s, t) for s, t in zip(rows, text[1:]) if t != pad]
        if not pairs:
            raise ValueError("a text has no target")
        losses = [log_sum_exp(scores) - scores[target] for scores, target in pairs]
        means.append(sum(losses) / len(losses))
    return sum(means) / len(means)


def perplexity(logits, tokens, pad=0):
    """The exponential of the mean loss."""
    return math.exp(next_token_loss(logits, tokens, pad))


def log_sum_exp(scores):
    """Without overflow."""
    top = max(scores)
    return top + math.log(sum(math.exp(s - top) for s in scores))
