"""The base class of generative classifiers: the joint, and Bayes' rule.

A subclass models P(X | Y).
Source: Bishop (2006), section 1.5.4, approach (a).
"""

from abc import ABC, abstractmethod
from typing import Any

from torch import Tensor

from paradigms._checks import check_fitted
from paradigms.data.bag_of_words import one_hot


class Generative(ABC):
    """A classifier of K classes that models P(X, Y) = P(Y) P(X | Y).

    `log_prior` (K,) holds log P(Y), in nats. `x` is what the subclass takes: a tensor
    (N, V) of real numbers, or `Bags` of N texts.
    Errors: ValueError for an `x` that does not match the training data, or for a fitted
    parameter that is not finite.
    """

    log_prior: Tensor

    def __init__(self, classes: int = 2) -> None:
        self.classes = classes

    @abstractmethod
    def log_joint(self, x: Any) -> Tensor:
        """Log P(X, Y) in nats for every class: (N, K)."""

    def log_evidence(self, x: Any) -> Tensor:
        """Log P(X) in nats: the joint, summed over the classes. (N,)

        It is -inf for a row that is impossible in every class.
        """
        return self.log_joint(x).logsumexp(dim=1)

    def predict_proba(self, x: Any) -> Tensor:
        """P(Y | X) = P(X | Y) P(Y) / P(X): Bayes' rule. (N, K)

        Errors: ValueError for a row with P(X) = 0, where P(Y | X) is undefined.
        """
        joint = self.log_joint(x)  # (N, K)
        evidence = joint.logsumexp(dim=1, keepdim=True)  # (N, 1)
        possible = evidence.isfinite()
        if not bool(possible.all()):
            row = int((~possible).nonzero()[0, 0])
            raise ValueError(
                f"x must be possible in a class: log P(X) is {float(evidence[row])} "
                f"in row {row}"
            )
        return (joint - evidence).exp()

    def prior(self, rows: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """The log class frequencies (K,), and the one-hot labels (N, K).

        The model does not change, so that a failed fit leaves it as it was.
        Shapes: rows (N, V), labels (N,). Errors: those of `one_hot`.
        """
        indicators = one_hot(labels, rows, self.classes)  # (N, K)
        return indicators.mean(dim=0).log(), indicators

    def check_draw(self, label: int, number: int) -> None:
        """Errors: ValueError unless `label` is a class and `number` at least 1.

        Or if a fitted parameter is not finite.
        """
        check_fitted(self)
        if not 0 <= label < self.classes:
            raise ValueError(f"label must lie in 0..{self.classes - 1}: {label}")
        if number < 1:
            raise ValueError(f"there must be at least 1 to draw: {number}")
