# Mistake: training goes on when no pair is left, and records empty pairs.
# Message: train({'ab': 1, 'ba': 1}, 5): expected [('a', 'b'), ('b', 'a')], got [('a', 'b'), ('b', 'a'), ('', ''), ('', ''), ('', '')]
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
                counts[pair] += words[word]
        best = min(counts, key=lambda pair: (-counts[pair], pair), default=("", ""))
        pairs.append(best)
        split = {word: merge(symbols, best) for word, symbols in split.items()}
    return pairs
