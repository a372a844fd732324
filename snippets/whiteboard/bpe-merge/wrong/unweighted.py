# Mistake: each word counts once, however often it occurs.
# Message: train({'ab': 1, 'abc': 1, 'xy': 3}, 1): expected [('x', 'y')], got [('a', 'b')]
from collections import Counter


def merge(symbols, pair):
    """The symbols with each occurrence of the pair joined."""
    joined, i = [], 0
    while i < len(symbols):
        if tuple(symbols[i : i + 2]) == pair:
            joined.append(symbols[i] + symbols[i + 1])
            i += 2
        else:
            joined.append(symbols[i])
            i += 1
    return joined


def train(words, merges):
    """The merged pairs in order; words: a dictionary of counts."""
    split = {word: list(word) for word in words}
    pairs = []
    for _ in range(merges):
        counts = Counter()
        for word, symbols in split.items():
            for pair in zip(symbols, symbols[1:]):
                counts[pair] += 1
        if not counts:
            break
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        pairs.append(best)
        split = {word: merge(symbols, best) for word, symbols in split.items()}
    return pairs
