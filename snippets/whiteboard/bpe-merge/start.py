def merge(symbols, pair):
    """The symbols with each occurrence of the pair joined."""
    raise NotImplementedError


def train(words, merges):
    """The merged pairs in order; words: a dictionary of counts."""
    raise NotImplementedError
