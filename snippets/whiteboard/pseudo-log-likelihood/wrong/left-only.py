# Mistake: the words after the masked word are masked too, as if the model were causal.
# Message: pseudo_log_likelihood([5, 5, 1], neighbours): expected -3.31419, got -4.00733
import math

MASK, FIRST_WORD = 3, 4


def pseudo_log_likelihood(tokens, log_probabilities):
    """The sum of log P(word | all other tokens), in nats."""
    total = 0.0
    for i, token in enumerate(tokens):
        if token >= FIRST_WORD:
            masked = [*tokens[:i], MASK, *[MASK] * len(tokens[i + 1 :])]
            total += log_probabilities(masked)[i][token]
    return total


def pseudo_perplexity(tokens, log_probabilities):
    """The exponential of the negative mean per word."""
    words = sum(token >= FIRST_WORD for token in tokens)
    if not words:
        raise ValueError("the text has no words")
    return math.exp(-pseudo_log_likelihood(tokens, log_probabilities) / words)
