"""Shares of the classes that have changed, estimated from rows without labels.

Source: Saerens et al. (2002).
"""

import math

from torch import Tensor


def em_class_prior(logits: Tensor, prior: Tensor, steps: int = 500) -> Tensor:
    """Log of the class shares under which rows without labels are likeliest. (K,)

    Expectation and maximisation in turn: each row's P(Y | X) under the present shares,
    then their mean.  `prior` (K,): log shares that P(Y | X), from logits (N, K), holds.
    Stops when no share moves by more than 1e-6, at the latest after `steps`.
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
