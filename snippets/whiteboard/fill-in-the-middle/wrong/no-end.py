# Mistake: there is no [EOS] after the middle, so the model would never stop.
# Message: rearrange([5, 6, 7, 8], 1, 3): expected [90, 5, 91, 8, 92, 6, 7, 2], got [90, 5, 91, 8, 92, 6, 7]
PRE, SUF, MID, EOS = 90, 91, 92, 2


def rearrange(tokens, start, stop, spm=False):
    """The document with tokens[start:stop] moved to the end."""
    if not 0 <= start <= stop <= len(tokens):
        raise ValueError(f"cuts {start} and {stop} in {len(tokens)} tokens")
    prefix, middle, suffix = tokens[:start], tokens[start:stop], tokens[stop:]
    if spm:
        return [PRE, SUF, *suffix, MID, *prefix, *middle]
    return [PRE, *prefix, SUF, *suffix, MID, *middle]


def restore(sequence):
    """The document in its own order."""
    if sequence[-1:] != [EOS]:
        raise ValueError("the middle is not finished")
    suffix, middle = sequence.index(SUF), sequence.index(MID)
    parts = sequence[1:suffix], sequence[middle + 1 : -1], sequence[suffix + 1 : middle]
    return [token for part in parts for token in part]
