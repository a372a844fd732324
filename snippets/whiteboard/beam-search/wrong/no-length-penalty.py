# Mistake: sums of different lengths are compared, so the shortest text wins.
# Message: beam_search(memoryless, 2, 3, 0, alpha=1): expected [1, 1, 1], got [0]
import math


def beam_search(log_probabilities, beams, steps, eos, alpha=1.0):
    """The tokens of the best finished text."""
    running, finished = [(0.0, [])], []
    for _ in range(steps):
        extensions = [
            (score + log_p, [*tokens, token])
            for score, tokens in running
            for token, log_p in enumerate(log_probabilities(tokens))
            if log_p > -math.inf
        ]
        extensions.sort(key=lambda beam: -beam[0])
        best = extensions[:beams]
        finished += [beam for beam in best if beam[1][-1] == eos]
        running = [beam for beam in best if beam[1][-1] != eos]
    finished += running
    return max(finished, key=lambda beam: beam[0])[1]
