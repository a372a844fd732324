import math


def beam_search(log_probabilities, beams, steps, eos, alpha=1.0):
    """The tokens of the best finished text."""
    raise NotImplementedError
