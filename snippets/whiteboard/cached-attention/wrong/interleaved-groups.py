# Mistake: head h reads key-value head h % K, so groups are interleaved.
# Message: 4 heads, 2 key-value heads: outputs, keys and values in the cache: expected ([[[10], [10], [20], [20]]], 1, 1), got ([[[10], [20], [10], [20]]], 1, 1)
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
        keys = [token[head % len(key)] for token in cache["keys"]]
        values = [token[head % len(key)] for token in cache["values"]]
        outputs.append(attend(query, keys, values))
    return outputs


def attend(query, keys, values):
    """Softmax of the scaled scores, then the weighted mean of the values."""
    scale = math.sqrt(len(query))
    scores = [sum(q * k for q, k in zip(query, key)) / scale for key in keys]
    top = max(scores)
    weights = [math.exp(s - top) for s in scores]
    total = sum(weights)
    return [sum(w * v for w, v in zip(weights, row)) / total for row in zip(*values)]
