"""Class priors after a shift, estimated from rows without labels.

Source: Saerens et al. (2002).
"""

import math

from torch import Tensor


def em_class_prior(logits: Tensor, prior: Tensor, steps: int = 500) -> Tensor:
    """Log class prior with the maximum likelihood for rows without labels. (K,)

    EM: the expectation is each row's P(Y | X) under the current prior, the maximisation
    their mean.  `prior` (K,): the log prior of training, in the logits (N, K).
    Stops when no share changes by more than 1e-6, or after `steps`.
    Source: Saerens et al. (2002).
    """
    shares = prior
    for _ in range(steps):
        p = (logits + shares - prior).log_softmax(dim=1)  # (N, K)
        new = p.logsumexp(dim=0) - math.log(len(p))
        if float((new.exp() - shares.exp()).abs().max()) < 1e-6:
            return new
        shares = new
    return shares
