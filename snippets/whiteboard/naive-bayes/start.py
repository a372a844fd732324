import math


def fit(documents, labels, alpha=1.0):
    """What `log_posterior` needs to know about the training documents."""
    raise NotImplementedError


def log_posterior(model, document):
    """log P(class | document) of each class, a dictionary."""
    raise NotImplementedError
