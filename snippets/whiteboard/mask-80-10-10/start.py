MASK, FIRST_WORD, IGNORE = 3, 4, -100


def mask_tokens(tokens, vocabulary, rng, rate=0.15):
    """Inputs and targets, each as long as the tokens."""
    raise NotImplementedError
