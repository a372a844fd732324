"""Multinomial naive Bayes: a generative classifier.

It models P(X, Y) = P(Y) P(X | Y), and a text X as words drawn independently given Y.
Classifying is then Bayes' rule; drawing a new text is possible too.
Source: McCallum & Nigam (1998), the multinomial event model.
"""

import torch
from torch import Tensor

from paradigms.bags import Bags, one_hot


class MultinomialNaiveBayes:
    """K classes over V words; every parameter is a smoothed relative frequency.

    `log_prior` (K,) holds log P(Y); `log_likelihood` (V, K) holds log P(word | Y).
    Errors: ValueError for a smoothing that is not positive or labels that miss a class.
    """

    def __init__(self, classes: int = 2, smoothing: float = 1.0) -> None:
        if smoothing <= 0:
            raise ValueError(
                f"smoothing must be positive, or an unseen word has P = 0: {smoothing}"
            )
        self.classes, self.smoothing = classes, smoothing

    def fit(self, texts: Bags, labels: Tensor) -> "MultinomialNaiveBayes":
        """Count; there is nothing to optimise. labels (N,) of whole numbers below K."""
        member = one_hot(labels, len(texts), self.classes)  # (N, K)
        counts = texts.collect(member) + self.smoothing  # (V, K)
        self.log_likelihood = (counts / counts.sum(dim=0)).log()
        self.log_prior = member.mean(dim=0).log()  # (K,)
        return self

    def log_joint(self, texts: Bags) -> Tensor:
        """Log P(X, Y) in nats for every class: (N, K)."""
        return texts.add_up(self.log_likelihood) + self.log_prior

    def log_evidence(self, texts: Bags) -> Tensor:
        """Log P(X) in nats: the joint, summed over the classes. (N,)"""
        return self.log_joint(texts).logsumexp(dim=1)

    def predict_proba(self, texts: Bags) -> Tensor:
        """P(Y | X) = P(X | Y) P(Y) / P(X): Bayes' rule. (N, K)"""
        return (self.log_joint(texts) - self.log_evidence(texts)[:, None]).exp()

    def sample(self, label: int, length: int, generator: torch.Generator) -> list[int]:
        """Draw the word numbers of a text of `length` words from P(X | Y = label)."""
        if not 0 <= label < self.classes:
            raise ValueError(f"label must lie in 0..{self.classes - 1}: {label}")
        word = self.log_likelihood[:, label].exp()
        return torch.multinomial(word, length, True, generator=generator).tolist()
