PRE, SUF, MID, EOS = 90, 91, 92, 2


def rearrange(tokens, start, stop, spm=False):
    """The document with tokens[start:stop] moved to the end."""
    raise NotImplementedError


def restore(sequence):
    """The document in its own order."""
    raise NotImplementedError
