import math


def decode_step(queries, key, value, cache):
    """Extend the cache by a token; the output of each head."""
    raise NotImplementedError
