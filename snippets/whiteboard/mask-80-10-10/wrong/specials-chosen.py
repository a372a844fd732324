# Mistake: special tokens are chosen like words.
# Message: mask_tokens([0, 1, 2, 3], 9, rng, rate=1): expected ([0, 1, 2, 3], [-100, -100, -100, -100]), got ([3, 3, 3, 3], [0, 1, 2, 3])
MASK, FIRST_WORD, IGNORE = 3, 4, -100


def mask_tokens(tokens, vocabulary, rng, rate=0.15):
    """Inputs and targets, each as long as the tokens."""
    inputs, targets = list(tokens), [IGNORE] * len(tokens)
    for i, token in enumerate(tokens):
        if rng.random() >= rate:
            continue
        targets[i] = token
        fate = rng.random()
        if fate < 0.8:
            inputs[i] = MASK
        elif fate < 0.9:
            inputs[i] = rng.randrange(FIRST_WORD, vocabulary)
    return inputs, targets
