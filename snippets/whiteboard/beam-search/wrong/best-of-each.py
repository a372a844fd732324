# Mistake: every beam keeps its own best extension.
# Message: beam_search(one_parent, 2, 3, 0, alpha=0): expected [1, 1, 1], got [2, 0]
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
        best = []
        for _, parent in running:
            own = [e for e in extensions if e[1][:-1] == parent]
            own.sort(key=lambda beam: -beam[0])
            best += own[: beams if not parent else 1]
        finished += [beam for beam in best if beam[1][-1] == eos]
        running = [beam for beam in best if beam[1][-1] != eos]
    finished += running
    return max(finished, key=lambda beam: beam[0] / len(beam[1]) ** alpha)[1]
