import math

MASK, FIRST_WORD = 3, 4


def pseudo_log_likelihood(tokens, log_probabilities):
    """The sum of log P(word | all other tokens), in nats."""
    total = 0.0
    for i, token in enumerate(tokens):
        if token >= FIRST_WORD:
            masked = [*tokens[:i], MASK, *tokens[i + 1 :]]
            total += log_probabilities(masked)[i][token]
    return total


def pseudo_perplexity(tokens, log_probabilities):
    """The exponential of the negative mean per word."""
    words = sum(token >= FIRST_WORD for token in tokens)
    if not words:
        raise ValueError("the text has no words")
    return math.exp(-pseudo_log_likelihood(tokens, log_probabilities) / words)
