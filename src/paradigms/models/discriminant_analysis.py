"""Linear and quadratic discriminant analysis: a full Gaussian for each class.

Gaussian naive Bayes without independence: features may correlate within a class.
If the classes share one covariance, the quadratic terms cancel in the log-odds: the
form of logistic regression, with weights in closed form.
Source: Fisher (1936) for the linear function; Hastie et al. (2009), section 4.3.
"""

import math
from abc import abstractmethod

import torch
from torch import Tensor

from paradigms._checks import check_fitted, check_overflow
from paradigms.data.bag_of_words import dense
from paradigms.models.generative_classifier import Generative


class Discriminant(Generative):
    """P(X | Y) is normal with `mean` (K, V) and the covariance that a subclass fits.

    `covariance` and its Cholesky `factor` are (K, V, V), or (1, V, V) if shared.
    x: a tensor (N, V) of real numbers.
    """

    def fit(self, x: Tensor, labels: Tensor) -> "Discriminant":
        """Fit by maximum likelihood, covariances with 1 / N; labels (N,).

        Errors: ValueError if a covariance is singular, as it is with a constant column,
        or overflows.
        """
        log_prior, indicators = self.prior(dense(x), labels)  # (K,), (N, K)
        share = indicators / indicators.sum(dim=0)  # (N, K), each column sums to one
        mean = share.T @ x  # (K, V)
        covariance = check_overflow(
            self.scatter(x - mean[labels], share), x, "a covariance"
        )
        self.factor = _cholesky(covariance, x.abs().amax(dim=0))
        self.log_prior, self.mean, self.covariance = log_prior, mean, covariance
        return self

    @abstractmethod
    def scatter(self, deviations: Tensor, share: Tensor) -> Tensor:
        """The covariance: deviations (N, V) from the class's mean -> (K or 1, V, V)."""

    def log_joint(self, x: Tensor) -> Tensor:
        """Log density of (X, Y) in nats for every class. (N, K)

        Errors: ValueError for an x whose density overflows.
        """
        check_fitted(self)
        deviations = (dense(x, self.mean) - self.mean[:, None]).mT  # (K, V, N)
        whitened = torch.linalg.solve_triangular(self.factor, deviations, upper=False)
        half_log_det = self.factor.diagonal(dim1=1, dim2=2).log().sum(dim=1)
        # One a class, or one for all: (K,) or (1,).
        constant = half_log_det + x.shape[1] / 2 * math.log(2 * math.pi)
        joint = self.log_prior - constant - whitened.square().sum(dim=1).T / 2  # (N, K)
        return check_overflow(joint, x, "its density")

    def sample(self, label: int, count: int, rng: torch.Generator) -> Tensor:
        """Draw `count` rows from P(X | Y = label): (count, V)."""
        self.check_draw(label, count)
        mean, factor = self.mean[label], self.factor[label % len(self.factor)]
        noise = torch.randn(count, len(mean), generator=rng, dtype=mean.dtype)
        return mean + noise @ factor.T


class QDA(Discriminant):
    """A covariance for each class: the boundary is quadratic."""

    def scatter(self, deviations: Tensor, share: Tensor) -> Tensor:
        products = [(deviations.T * row) @ deviations for row in share.T]
        return torch.stack(products)  # (K, V, V)


class LDA(Discriminant):
    """One covariance for all classes: the boundary is linear."""

    def scatter(self, deviations: Tensor, share: Tensor) -> Tensor:
        return (deviations.T @ deviations / len(deviations))[None]  # (1, V, V)

    @property
    def weights(self) -> Tensor:
        """The covariance's inverse times each mean: (V, K).

        P(Y | X) is the softmax of `x @ weights + bias`.
        """
        return torch.cholesky_solve(self.mean.T, self.factor[0])

    @property
    def bias(self) -> Tensor:
        """The log prior, minus the means' quadratic term: (K,)."""
        return self.log_prior - (self.mean.T * self.weights).sum(dim=0) / 2


class ShrunkLDA(LDA):
    """LDA with its covariance shrunk by `part` towards equal, uncorrelated variances.

    So it is invertible with few rows, as logistic regression has a penalty.
    Source: Friedman (1989), with one covariance for all classes.
    """

    def __init__(self, classes: int, part: float) -> None:
        super().__init__(classes)
        self.part = part

    def scatter(self, deviations: Tensor, share: Tensor) -> Tensor:
        covariance = super().scatter(deviations, share)  # (1, V, V)
        mean = covariance.diagonal(dim1=1, dim2=2).mean()
        isotropic = mean * torch.eye(covariance.shape[1], dtype=covariance.dtype)
        return (1 - self.part) * covariance + self.part * isotropic


def _cholesky(covariance: Tensor, size: Tensor) -> Tensor:
    """The factors (K, V, V); `size` (V,) is each column's largest magnitude.

    Errors: ValueError if the conditional variance of a column is within rounding.
    """
    factor: Tensor
    factor, info = torch.linalg.cholesky_ex(covariance)
    # The variance of each column given the columns before it.
    conditional = factor.diagonal(dim1=1, dim2=2).square()
    variance = covariance.diagonal(dim1=1, dim2=2)
    rounding = 10 * covariance.shape[1] * torch.finfo(covariance.dtype).eps
    tolerance = rounding * variance + (rounding * size).square()
    singular = (info > 0)[:, None] | (conditional <= tolerance)
    if bool(singular.any()):
        label = int(singular.any(dim=1).nonzero()[0])
        column = int(info[label]) - 1
        if column < 0:
            column = int(singular[label].nonzero()[0])
        where = f"within class {label}" if len(variance) > 1 else "within the classes"
        raise ValueError(
            f"x has a singular covariance {where}: column {column} is constant, or a "
            "weighted sum of columns before it, or the rows are too few"
        )
    return factor
