# Mistake: the pair is replaced in the word as a string, so matches cross symbols.
# Message: merge(['ab', 'c'], ('b', 'c')): expected ['ab', 'c'], got ['abc']
from collections import Counter


def merge(symbols, pair):
    """Replaces text; the boundaries of symbols are lost."""
    text = " ".join(symbols).replace(" ".join(pair), "".join(pair))
    return text.split()


def train(words, merges):
    """The merged pairs in order."""
    split = {word: list(word) for word in words}
    pairs = []
    for _ in range(merges):
        counts = Counter()
        for word, symbols in split.items():
            for pair in zip(symbols, symbols[1:]):
                counts[pair] += words[word]
        if not counts:
            break
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        pairs.append(best)
        split = {word: merge(symbols, best) for word, symbols in split.items()}
    return pairs
