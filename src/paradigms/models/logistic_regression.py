"""Logistic regression: a discriminative classifier.

It models only P(Y | X), as the softmax of a linear function. It has no P(X), so it can
neither compute the likelihood of a text nor sample one.
Source: Cox (1958); Ng & Jordan (2001) for the comparison with naive Bayes.
"""

import math
from copy import copy

import torch
from torch import Tensor

from paradigms._checks import check_fitted, check_overflow
from paradigms.data.bag_of_words import Table, one_hot


class LogisticRegression:
    """K classes over V features; `weights` (V, K) and `bias` (K,) are fitted.

    `penalty` times half the squared norm of `weights` is added to the mean loss.
    x: `Bags`, or a tensor (N, V) of real numbers.
    Errors: ValueError for a negative penalty, or labels that miss a class.
    """

    weights: Tensor  # (V, K)
    bias: Tensor  # (K,)

    def __init__(self, classes: int = 2, penalty: float = 1e-3) -> None:
        if not 0 <= penalty < math.inf:
            raise ValueError(f"penalty must not be negative: {penalty}")
        self.classes, self.penalty = classes, penalty

    def fit(
        self,
        x: Table | Tensor,
        labels: Tensor,
        steps: int = 1000,
        tolerance: float = 1e-4,
    ) -> "LogisticRegression":
        """Minimise the mean of -log P(label | x) plus the penalty; labels (N,).

        Stops when no partial derivative (nats) exceeds `tolerance`.  It computes in
        double precision, whatever the dtype of x: for features of ordinary scale 1e-10
        is attainable.
        Errors: ValueError if not converged; the model is then unchanged.
        """
        table = Table.of(x)
        candidate = copy(self)
        candidate.weights = torch.zeros(table.rows.shape[1], self.classes).double()
        candidate.bias = torch.zeros(self.classes).double()
        max_gradient = candidate._minimise(table.double(), labels, steps, tolerance)
        if not max_gradient <= tolerance:
            raise ValueError(
                f"not converged: the largest partial derivative is "
                f"{max_gradient:.0e}, where tolerance is {tolerance:.0e}; raise steps "
                f"({steps}) or tolerance"
            )
        self.weights = candidate.weights.to(table.rows.dtype)
        self.bias = candidate.bias.to(table.rows.dtype)
        return self

    def _minimise(
        self, table: Table, labels: Tensor, steps: int, tolerance: float
    ) -> float:
        """Optimises `weights` and `bias`; returns the largest partial derivative."""
        member = one_hot(labels, table.rows, self.classes)  # (N, K)
        optimiser = torch.optim.LBFGS(
            [self.weights, self.bias],
            max_iter=steps,
            max_eval=10 * steps,  # several evaluations a step
            tolerance_grad=tolerance,
            tolerance_change=0,
            line_search_fn="strong_wolfe",
        )
        optimiser.step(lambda: self.loss_and_gradient(table, member))
        if optimiser.state[self.weights]["n_iter"] < steps:
            # Near the optimum a step changes the loss by less than its rounding error,
            # and the line search fails.  The gradient is exact enough for full steps.
            optimiser.param_groups[0]["line_search_fn"] = None
            optimiser.step(lambda: self.loss_and_gradient(table, member))
        self.loss_and_gradient(table, member)
        gradients = [p.grad for p in (self.weights, self.bias) if p.grad is not None]
        self.weights.grad = self.bias.grad = None
        return max(float(gradient.abs().max()) for gradient in gradients)

    def loss_and_gradient(self, table: Table, member: Tensor) -> Tensor:
        """The penalised loss in nats; sets the gradients of `weights` and `bias`.

        member (N, K): the one-hot labels.
        """
        log_p = self._scores(table).log_softmax(dim=1)  # (N, K)
        # The gradient: expected minus observed counts.
        error = (log_p.exp() - member) / len(table)  # (N, K)
        self.weights.grad = table.rmatmul(error) + self.penalty * self.weights
        self.bias.grad = error.sum(dim=0)
        loss = -(log_p * member).sum(dim=1).mean()
        return loss + self.penalty / 2 * self.weights.square().sum()

    def logits(self, x: Table | Tensor) -> Tensor:
        """f(X), one real number per class, before the softmax. (N, K)

        Errors: ValueError for another width, weights that are not finite, or overflow.
        """
        check_fitted(self)
        table = Table.of(x)
        return check_overflow(self._scores(table), table.rows, "its logits")

    def predict_proba(self, x: Table | Tensor) -> Tensor:
        """P(Y | X) = softmax(f(X)): (N, K). Errors: those of `logits`."""
        return self.logits(x).softmax(dim=1)

    def _scores(self, table: Table) -> Tensor:
        return table.matmul(self.weights) + self.bias  # (N, K)
