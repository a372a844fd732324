"""Multinomial naive Bayes that also learns from texts without labels, by EM.

The label of such a text is summed out of its likelihood: P(X) depends on the same
parameters as P(X, Y).
Source: Nigam et al. (2000), sections 4 and 5.3.1: basic EM, and EM-lambda.
"""

from torch import Tensor

from paradigms.data.bag_of_words import Table
from paradigms.models.naive_bayes import MultinomialNaiveBayes


class SemiSupervisedNaiveBayes(MultinomialNaiveBayes):
    """Multinomial naive Bayes, fitted to labelled and unlabelled texts.

    `weight`, lambda in the paper, multiplies the counts of each unlabelled text: at 0
    they are ignored.  EM stops after `rounds`, or when the objective has risen by less
    than `tolerance` nats per text.
    `objective` holds its value after each round: the log-likelihood, with each
    unlabelled text times `weight`, plus `smoothing` times the sum of all log P(word |
    Y), which is the prior that add-one smoothing implies.
    Errors: ValueError for a weight outside 0..1.
    """

    objective: list[float]

    def __init__(
        self,
        classes: int = 2,
        smoothing: float = 1.0,
        weight: float = 1.0,
        rounds: int = 100,
        tolerance: float = 1e-6,
    ) -> None:
        if not 0 <= weight <= 1:
            raise ValueError(f"weight must lie in 0..1: {weight}")
        super().__init__(classes, smoothing)
        self.weight, self.rounds, self.tolerance = weight, rounds, tolerance

    def fit(
        self,
        x: Table | Tensor,
        labels: Tensor,
        unlabelled: Table | Tensor | None = None,
    ) -> "SemiSupervisedNaiveBayes":
        """Fit to x with labels (N,), and to `unlabelled` texts if there are any.

        The first round starts from the labelled texts alone.
        Errors: those of `MultinomialNaiveBayes.fit`.
        """
        super().fit(x, labels)
        self.objective = []
        if unlabelled is None or self.weight == 0:
            return self
        texts, others = Table.of_counts(x), Table.of_counts(unlabelled)
        _, indicators = self.prior(texts.rows, labels)  # (N, K)
        counts, sizes = texts.rmatmul(indicators), indicators.sum(dim=0)
        for _ in range(self.rounds):
            self.maximise(counts, sizes, others, self.expected_labels(others))
            self.objective.append(self.score(texts, labels, others))
            if len(self.objective) > 1:
                rise = self.objective[-1] - self.objective[-2]
                if rise < self.tolerance * (len(texts) + len(others)):
                    break
        return self

    def expected_labels(self, texts: Table) -> Tensor:
        """The E-step: P(Y | X) of each text, a fractional label. (N, K)"""
        return self.log_joint(texts).softmax(dim=1)

    def maximise(
        self, counts: Tensor, sizes: Tensor, texts: Table, members: Tensor
    ) -> None:
        """The M-step: count again, each unlabelled text by its fractional labels.

        counts (V, K) and sizes (K,) are of the labelled texts; members (N, K).
        """
        members = self.weight * members
        words = counts + texts.rmatmul(members) + self.smoothing  # (V, K)
        shares = sizes + members.sum(dim=0)  # (K,)
        self.log_likelihood = (words / words.sum(dim=0)).log()
        self.log_prior = (shares / shares.sum()).log()

    def score(self, texts: Table, labels: Tensor, others: Table) -> float:
        """The objective, in nats: no round of EM lowers it."""
        joint = self.log_joint(texts).gather(1, labels[:, None]).sum()
        evidence = self.weight * self.log_evidence(others).sum()
        return float(joint + evidence + self.smoothing * self.log_likelihood.sum())
