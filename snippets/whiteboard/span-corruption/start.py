def corrupt(tokens, spans, sentinels):
    """Source and target; spans are pairs (start, length) in any order."""
    raise NotImplementedError


def restore(source, target, sentinels):
    """The original text, from the output of `corrupt`."""
    raise NotImplementedError
