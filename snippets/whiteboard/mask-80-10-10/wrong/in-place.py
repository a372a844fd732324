# Mistake: the caller's list is modified.
# Message: the tokens afterwards: expected as before, got others
MASK, FIRST_WORD, IGNORE = 3, 4, -100


def mask_tokens(tokens, vocabulary, rng, rate=0.15):
    """Inputs and targets, each as long as the tokens."""
    inputs, targets = tokens, [IGNORE] * len(tokens)
    for i, token in enumerate(tokens):
        if token < FIRST_WORD or rng.random() >= rate:
            continue
        targets[i] = token
        fate = rng.random()
        if fate < 0.8:
            inputs[i] = MASK
        elif fate < 0.9:
            inputs[i] = rng.randrange(FIRST_WORD, vocabulary)
    return inputs, targets
