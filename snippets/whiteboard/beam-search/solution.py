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
    return max(finished, key=lambda beam: beam[0] / len(beam[1]) ** alpha)[1]
