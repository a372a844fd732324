# Mistake: probabilities are multiplied, and underflow.
# Message: the number of tokens in a text of 60, each of probability 1e-6: expected 60, got 53
import math


def beam_search(log_probabilities, beams, steps, eos, alpha=1.0):
    """The tokens of the best finished text."""
    running, finished = [(1.0, [])], []
    for _ in range(steps):
        extensions = [
            (score * math.exp(log_p), [*tokens, token])
            for score, tokens in running
            for token, log_p in enumerate(log_probabilities(tokens))
            if log_p > -math.inf
        ]
        extensions.sort(key=lambda beam: -beam[0])
        best = extensions[:beams]
        finished += [beam for beam in best if beam[1][-1] == eos]
        running = [beam for beam in best if beam[1][-1] != eos]
    finished += running
    return max(
        finished,
        key=lambda beam: (
            (math.log(beam[0]) if beam[0] else -math.inf) / len(beam[1]) ** alpha
        ),
    )[1]
