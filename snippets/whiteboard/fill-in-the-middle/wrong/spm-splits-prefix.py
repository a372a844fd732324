# Mistake: in SPM the middle does not directly follow the prefix.
# Message: rearrange([5, 6, 7, 8], 1, 3, spm=True): expected [90, 91, 8, 92, 5, 6, 7, 2], got [91, 8, 90, 5, 92, 6, 7, 2]
PRE, SUF, MID, EOS = 90, 91, 92, 2


def rearrange(tokens, start, stop, spm=False):
    """The document with tokens[start:stop] moved to the end."""
    if not 0 <= start <= stop <= len(tokens):
        raise ValueError(f"cuts {start} and {stop} in {len(tokens)} tokens")
    prefix, middle, suffix = tokens[:start], tokens[start:stop], tokens[stop:]
    if spm:
        return [SUF, *suffix, PRE, *prefix, MID, *middle, EOS]
    return [PRE, *prefix, SUF, *suffix, MID, *middle, EOS]


def restore(sequence):
    """The document in its own order."""
    if sequence[-1:] != [EOS]:
        raise ValueError("the middle is not finished")
    suffix, middle = sequence.index(SUF), sequence.index(MID)
    parts = sequence[1:suffix], sequence[middle + 1 : -1], sequence[suffix + 1 : middle]
    return [token for part in parts for token in part]
