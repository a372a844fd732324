"""Logistic regression: a discriminative classifier.

It models P(Y | X) and nothing else: the softmax of a weighted sum. It has no P(X), so
it can neither say how likely a text is nor draw one.
Source: Cox (1958); Ng & Jordan (2001) for the comparison with naive Bayes.
"""

import torch
from torch import Tensor

from paradigms.bags import Bags, one_hot


class LogisticRegression:
    """K classes over V words; `weights` (V, K) and `bias` (K,) are found by optimising.

    `penalty` weighs half the squared norm of `weights` against the mean loss of a text.
    Errors: ValueError for a negative penalty, or labels that miss a class.
    """

    def __init__(self, classes: int = 2, penalty: float = 1e-3) -> None:
        if penalty < 0:
            raise ValueError(f"penalty must not be negative: {penalty}")
        self.classes, self.penalty = classes, penalty

    def fit(
        self, texts: Bags, labels: Tensor, steps: int = 1000
    ) -> "LogisticRegression":
        """Minimise the mean of -log P(label | text) plus the penalty; labels (N,).

        Errors: ValueError if after `steps` steps the gradient is not yet small.
        """
        member = one_hot(labels, len(texts), self.classes)  # (N, K)
        self.weights = torch.zeros(texts.counts.shape[1], self.classes)
        self.bias = torch.zeros(self.classes)
        optimiser = torch.optim.LBFGS(
            [self.weights, self.bias], max_iter=steps, line_search_fn="strong_wolfe"
        )

        def loss_and_gradient() -> Tensor:
            log_p = self.logits(texts).log_softmax(dim=1)  # (N, K)
            # The gradient is expected minus observed counts: worth knowing by heart.
            error = (log_p.exp() - member) / len(texts)  # (N, K)
            self.weights.grad = texts.collect(error) + self.penalty * self.weights
            self.bias.grad = error.sum(dim=0)
            loss = -(log_p * member).sum(dim=1).mean()
            return loss + self.penalty / 2 * self.weights.square().sum()

        optimiser.step(loss_and_gradient)
        loss_and_gradient()
        left = max(float(p.grad.abs().max()) for p in (self.weights, self.bias))
        self.weights.grad = self.bias.grad = None
        if left > 1e-3:
            raise ValueError(f"not converged after {steps} steps: gradient {left:.0e}")
        return self

    def logits(self, texts: Bags) -> Tensor:
        """f(X): one real number per class, not yet a probability. (N, K)"""
        return texts.add_up(self.weights) + self.bias

    def predict_proba(self, texts: Bags) -> Tensor:
        """P(Y | X) = softmax(f(X)): (N, K)."""
        return self.logits(texts).softmax(dim=1)
