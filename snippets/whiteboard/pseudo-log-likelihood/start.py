import math

MASK, FIRST_WORD = 3, 4


def pseudo_log_likelihood(tokens, log_probabilities):
    """The sum of log P(word | all other tokens), in nats."""
    raise NotImplementedError


def pseudo_perplexity(tokens, log_probabilities):
    """The exponential of the negative mean per word."""
    raise NotImplementedError
