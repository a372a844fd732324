# Mistake: all spans share the first sentinel.
# Message: corrupt([5, 6, 7, 8, 9], [(0, 1), (3, 2)], [99, 98, 97]): expected ([99, 6, 7, 98], [99, 5, 98, 8, 9, 97]), got ([99, 6, 7, 99], [99, 5, 99, 8, 9, 97])
def corrupt(tokens, spans, sentinels):
    """Source and target; spans are pairs (start, length) in any order."""
    hidden = {start + i for start, length in spans for i in range(length)}
    first = sorted(i for i in hidden if i - 1 not in hidden)
    if len(first) >= len(sentinels):
        raise ValueError(f"{len(first)} spans, {len(sentinels)} sentinels")
    names = dict.fromkeys(first, sentinels[0])
    source, target = [], []
    for i, token in enumerate(tokens):
        if i in names:
            source.append(names[i])
            target.append(names[i])
        if i in hidden:
            target.append(token)
        else:
            source.append(token)
    return source, [*target, sentinels[len(first)]]


def restore(source, target, sentinels):
    """The original text, from the output of `corrupt`."""
    spans = {}
    for token in target:
        if token in sentinels:
            spans[token] = span = []
        else:
            span.append(token)
    return [word for token in source for word in spans.get(token, [token])]
