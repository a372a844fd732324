# Mistake: scores are divided by the square root of the width of all heads together.
# Message: two tokens, 2 heads of width 4: outputs, keys and values in the cache: expected ([[[0, 4, 0, 8], [0, 4, 0, 8]], [[3, 1, 3, 5], [3, 1, 3, 5]]], 2, 2), got ([[[0, 4, 0, 8], [0, 4, 0, 8]], [[2.73999, 1.26001, 2.73999, 5.26001], [2.73999, 1.26001, 2.73999, 5.26001]]], 2, 2)
import math


def decode_step(queries, key, value, cache):
    """Add a token to the cache; return the output of each head."""
    if len(queries) % len(key):
        raise ValueError(f"{len(key)} key-value heads for {len(queries)} heads")
    cache["keys"].append(key)
    cache["values"].append(value)
    size = len(queries) // len(key)
    outputs = []
    for head, query in enumerate(queries):
        keys = [token[head // size] for token in cache["keys"]]
        values = [token[head // size] for token in cache["values"]]
        outputs.append(attend(query, keys, values, len(queries)))
    return outputs


def attend(query, keys, values, heads):
    """Softmax of the scaled scores, then the weighted mean of the values."""
    scale = math.sqrt(heads * len(query))
    scores = [sum(q * k for q, k in zip(query, key)) / scale for key in keys]
    top = max(scores)
    weights = [math.exp(s - top) for s in scores]
    total = sum(weights)
    return [sum(w * v for w, v in zip(weights, row)) / total for row in zip(*values)]
