def corrupt(tokens, spans, sentinels):
    """Source and target; spans are pairs (start, length) in any order."""
    hidden = {start + i for start, length in spans for i in range(length)}
    first = sorted(i for i in hidden if i - 1 not in hidden)
    if len(first) >= len(sentinels):
        raise ValueError(f"{len(first)} spans, {len(sentinels)} sentinels")
    names = dict(zip(first, sentinels))
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
