# Mistake: a word counts once, however often it occurs in a document.
# Message: P(pos | ['good', 'good']) / P(neg | ['good', 'good']) with alpha 1: expected 16.3265, got 5.71429
import math
from collections import Counter


def fit(documents, labels, alpha=1.0):
    """For each class its log prior and the log-probabilities of words."""
    if alpha <= 0:
        raise ValueError(f"alpha must be positive: {alpha}")
    vocabulary = {word for document in documents for word in document}
    model = {}
    for label, size in Counter(labels).items():
        counts = Counter(
            word
            for document, own in zip(documents, labels)
            if own == label
            for word in document
        )
        total = sum(counts.values()) + alpha * len(vocabulary)
        words = {w: math.log((counts[w] + alpha) / total) for w in vocabulary}
        model[label] = math.log(size / len(labels)), words
    return model


def log_posterior(model, document):
    """log P(class | document) of each class, a dictionary."""
    joint = {
        label: prior + sum(words[word] for word in set(document) if word in words)
        for label, (prior, words) in model.items()
    }
    top = max(joint.values())
    evidence = top + math.log(sum(math.exp(v - top) for v in joint.values()))
    return {label: value - evidence for label, value in joint.items()}
