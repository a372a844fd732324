# Mistake: two successive random numbers are used, which gives 80/2/18.
# Message: shown as another word of the chosen words: expected 10%, got 2%
MASK, FIRST_WORD, IGNORE = 3, 4, -100


def mask_tokens(tokens, vocabulary, rng, rate=0.15):
    """Inputs and targets, each as long as the tokens."""
    inputs, targets = list(tokens), [IGNORE] * len(tokens)
    for i, token in enumerate(tokens):
        if token < FIRST_WORD or rng.random() >= rate:
            continue
        targets[i] = token
        fate = rng.random()
        if fate < 0.8:
            inputs[i] = MASK
        elif rng.random() < 0.1:
            inputs[i] = rng.randrange(FIRST_WORD, vocabulary)
    return inputs, targets
