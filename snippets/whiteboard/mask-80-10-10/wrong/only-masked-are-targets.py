# Mistake: chosen words that are left unchanged are not targets.
# Message: the targets of mask_tokens([4, 5, 6, ...], 9, rng, rate=1)[8]: expected 6, got -100
MASK, FIRST_WORD, IGNORE = 3, 4, -100


def mask_tokens(tokens, vocabulary, rng, rate=0.15):
    """Inputs and targets, each as long as the tokens."""
    inputs, targets = list(tokens), [IGNORE] * len(tokens)
    for i, token in enumerate(tokens):
        if token < FIRST_WORD or rng.random() >= rate:
            continue
        fate = rng.random()
        if fate < 0.8:
            inputs[i], targets[i] = MASK, token
        elif fate < 0.9:
            inputs[i] = rng.randrange(FIRST_WORD, vocabulary)
            targets[i] = token
    return inputs, targets
