"""Naive Bayes: generative classifiers with features that are independent given Y.

All three model P(X, Y) = P(Y) P(X | Y) with P(X | Y) a product over features, or over
the words of a text, and are fitted by counting or averaging; they differ in the
distribution of a factor.
Source: McCallum & Nigam (1998) for the Bernoulli and multinomial event models.
"""

import math

import torch
from torch import Tensor

from paradigms._checks import check_fitted, check_overflow
from paradigms.data.bag_of_words import Table, dense
from paradigms.models.generative_classifier import Generative


class NaiveBayes(Generative):
    """The base class: a positive `smoothing` keeps each factor positive.

    Errors: ValueError for a smoothing that is not positive.
    """

    def __init__(self, classes: int = 2, smoothing: float = 1.0) -> None:
        if not 0 < smoothing < math.inf:
            raise ValueError(
                f"smoothing must be positive, or an unseen word has P = 0: {smoothing}"
            )
        super().__init__(classes)
        self.smoothing = smoothing

    def check_smoothing(self, weights: Tensor) -> None:
        """Errors: ValueError if a factor is 0 despite the smoothing, by rounding."""
        if not bool(weights.isfinite().all()):
            raise ValueError(
                f"smoothing must not vanish beside the counts: {self.smoothing}"
            )


class MultinomialNaiveBayes(NaiveBayes):
    """A text is a sequence of words, each drawn from the same P(word | Y).

    `log_likelihood` (V, K) holds log P(word | Y), smoothed relative frequencies.
    x: `Bags`, or a tensor (N, V) of counts. The joint is that of one sequence of words,
    not of all its orders.
    Source: McCallum & Nigam (1998), the multinomial event model.
    """

    def fit(self, x: Table | Tensor, labels: Tensor) -> "MultinomialNaiveBayes":
        """Fit by counting; labels (N,) of integers below K.

        Errors: ValueError for labels that miss a class, an x without counts, or
        counts so large that `smoothing` is lost in rounding.
        """
        texts = Table.of_counts(x)
        log_prior, indicators = self.prior(texts.rows, labels)  # (K,), (N, K)
        counts = texts.rmatmul(indicators) + self.smoothing  # (V, K)
        log_likelihood = (counts / counts.sum(dim=0)).log()
        self.check_smoothing(log_likelihood)
        self.log_prior, self.log_likelihood = log_prior, log_likelihood
        return self

    def log_joint(self, x: Table | Tensor) -> Tensor:
        """Log P(X, Y) in nats: a weighted sum of counts. (N, K)"""
        check_fitted(self)
        return Table.of_counts(x).matmul(self.log_likelihood) + self.log_prior

    def sample(self, label: int, length: int, rng: torch.Generator) -> list[int]:
        """Draw the word ids of a text of `length` words from P(X | Y = label)."""
        self.check_draw(label, length)
        likelihood = self.log_likelihood[:, label].exp()
        return torch.multinomial(likelihood, length, True, generator=rng).tolist()


class BernoulliNaiveBayes(NaiveBayes):
    """A text is V binary features: each word of the vocabulary occurs or does not.

    `log_present` and `log_absent` (V, K) hold log P(word occurs | Y) and log P(word
    does not occur | Y). The multinomial model ignores absent words; this one counts
    each as evidence, and ignores how often a word occurs.
    x: `Bags`, or a tensor (N, V); anything above zero is an occurrence.
    Source: McCallum & Nigam (1998), the multi-variate Bernoulli event model.
    """

    def fit(self, x: Table | Tensor, labels: Tensor) -> "BernoulliNaiveBayes":
        """Count the texts with each word. Errors: as for the multinomial model."""
        texts = Table.of_counts(x).binarise()
        log_prior, indicators = self.prior(texts.rows, labels)  # (K,), (N, K)
        # Texts of each class, and those with each word: (K,), (V, K).
        sizes, occurrences = indicators.sum(dim=0), texts.rmatmul(indicators)
        total = sizes + 2 * self.smoothing
        log_present = ((occurrences + self.smoothing) / total).log()
        log_absent = ((sizes - occurrences + self.smoothing) / total).log()
        self.check_smoothing(log_present - log_absent)
        self.log_present, self.log_absent = log_present, log_absent
        self.log_prior = log_prior
        return self

    def log_joint(self, x: Table | Tensor) -> Tensor:
        """Log P(X, Y) in nats: that of no words, corrected for those present. (N, K)"""
        check_fitted(self)
        texts = Table.of_counts(x).binarise()
        correction = texts.matmul(self.log_present - self.log_absent)  # (N, K)
        return correction + self.log_absent.sum(dim=0) + self.log_prior

    def sample(self, label: int, count: int, rng: torch.Generator) -> Tensor:
        """Draw `count` texts from P(X | Y = label) as zeros and ones: (count, V)."""
        self.check_draw(label, count)
        probabilities = self.log_present[:, label].exp().expand(count, -1)
        return torch.bernoulli(probabilities, generator=rng)


class GaussianNaiveBayes(NaiveBayes):
    """Each feature is normal given the class, independent of the other features.

    `mean` and `variance` (K, V) are those of the class's rows; with `shared` a feature
    has one variance in all classes, and the log-odds are linear in X.
    `smoothing` times the largest variance of a feature is added to each variance.
    x: a tensor (N, V) of real numbers.
    """

    def __init__(
        self, classes: int = 2, smoothing: float = 1e-9, shared: bool = False
    ) -> None:
        super().__init__(classes, smoothing)
        self.shared = shared

    def fit(self, x: Tensor, labels: Tensor) -> "GaussianNaiveBayes":
        """Fit means and variances; labels (N,).

        Errors: ValueError if no feature varies, or a variance is 0 or infinite in
        floats: the numbers are too close together or too large.
        """
        if bool((dense(x) == x[0]).all()):
            raise ValueError(f"x has no variance: its {len(x)} rows are all equal")
        log_prior, indicators = self.prior(x, labels)  # (K,), (N, K)
        share = indicators / indicators.sum(dim=0)  # (N, K), each column sums to one
        mean = share.T @ x  # (K, V)
        squares = (x - mean[labels]).square()  # (N, V)
        if self.shared:
            share = torch.full_like(share, 1 / len(x))
        max_variance = float(x.var(dim=0, correction=0).max())
        variance = share.T @ squares + self.smoothing * max_variance  # (K, V)
        low, high = variance.aminmax()
        if not 0 < low <= high < math.inf:  # NaN also fails
            raise ValueError(
                f"x must have variances that {x.dtype} can hold: its numbers reach "
                f"{float(x.abs().max()):.0e}"
            )
        self.log_prior, self.mean, self.variance = log_prior, mean, variance
        return self

    def log_joint(self, x: Tensor) -> Tensor:
        """Log density of (X, Y) in nats: a sum of normal log densities. (N, K)

        Errors: ValueError for an x whose density overflows.
        """
        check_fitted(self)
        squared = (dense(x, self.mean)[:, None] - self.mean).square()  # (N, K, V)
        log_density = (
            -(squared / self.variance + (2 * math.pi * self.variance).log()) / 2
        )
        return check_overflow(log_density.sum(dim=2) + self.log_prior, x, "its density")

    def sample(self, label: int, count: int, rng: torch.Generator) -> Tensor:
        """Draw `count` rows from P(X | Y = label): (count, V)."""
        self.check_draw(label, count)
        mean, deviation = self.mean[label], self.variance[label].sqrt()
        noise = torch.randn(count, len(mean), generator=rng, dtype=mean.dtype)
        return mean + deviation * noise
