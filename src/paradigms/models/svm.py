"""Support vector machines: classification by the sign of a score, no probability.

Both minimise |w|^2 / 2 + cost * sum of hinge losses max(0, 1 - s f(x)), s = +1 or -1,
with a bias that is not penalised.
Source: Cortes & Vapnik (1995) for the soft margin; Boser et al. (1992) for kernels.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from paradigms._checks import check_fitted, check_overflow
from paradigms.data.bag_of_words import Table, dense, one_hot

Kernel = Callable[[Tensor, Tensor], Tensor]  # (N, V), (M, V) -> (N, M)


def linear(a: Tensor, b: Tensor) -> Tensor:
    """The scalar product: (N, V), (M, V) -> (N, M)."""
    return a @ b.T


def polynomial(degree: int, scale: float = 1.0, offset: float = 1.0) -> Kernel:
    """(scale a.b + offset)^degree: products of up to `degree` features at once.

    Errors: ValueError for a degree below 1, a scale not positive, no finite offset.
    """
    if not (degree >= 1 and 0 < scale < math.inf and math.isfinite(offset)):
        values = f"{degree}, {scale}, {offset}"
        raise ValueError(f"degree and scale must be positive, offset finite: {values}")
    return lambda a, b: (scale * (a @ b.T) + offset) ** degree


def rbf(scale: float) -> Kernel:
    """exp(-scale |a - b|^2), with `scale` in 1 / (unit of x)^2.

    Errors: ValueError for a scale not positive.
    """
    if not 0 < scale < math.inf:
        raise ValueError(f"scale must be positive: {scale}")
    # By matrix products a distance between rows far from zero would lose its digits.
    exact = "donot_use_mm_for_euclid_dist"
    return lambda a, b: (-scale * torch.cdist(a, b, compute_mode=exact).square()).exp()


class KernelSVM:
    """Two classes; f(x) = sum of `coefficients` * kernel(`support`, x) + `bias`.

    `support` (M, V) are the support vectors; `cost` is known as C.
    x: a tensor (N, V) of real numbers; fitting needs the (N, N) kernel matrix.
    Errors: ValueError for a cost not positive, x unlike `support`, overflow, or NaN.
    """

    def __init__(self, kernel: Kernel, cost: float = 1.0) -> None:
        if not 0 < cost < math.inf:
            raise ValueError(f"cost must be positive: {cost}")
        self.kernel, self.cost = kernel, cost

    def fit(
        self, x: Tensor, labels: Tensor, steps: int = 100_000, tolerance: float = 1e-3
    ) -> "KernelSVM":
        """Solve the dual problem; labels (N,) are 0 or 1, both present.

        Errors: ValueError if the kernel overflows, or not converged in `steps`.
        """
        signs = 2 * one_hot(labels, dense(x), 2)[:, 1] - 1  # (N,), +1 or -1
        gram = check_overflow(self.kernel(x, x), x, "the kernel")  # (N, N)
        dual, self.bias = solve_dual(gram, signs, self.cost, steps, tolerance)
        self.coefficients, self.support = dual[dual != 0], x[dual != 0]
        return self

    def decision(self, x: Tensor) -> Tensor:
        """f(X): its sign is the class, its size is no probability. (N,)"""
        check_fitted(self)
        similarities = self.kernel(dense(x, self.support), self.support)  # (N, M)
        return check_overflow(
            similarities @ self.coefficients + self.bias, x, "the kernel"
        )


class LinearSVM(KernelSVM):
    """The SVM with the linear kernel; f(x) = x @ `weights` + `bias`."""

    def __init__(self, cost: float = 1.0) -> None:
        super().__init__(linear, cost)

    @property
    def weights(self) -> Tensor:
        """The weighted sum of the support vectors: (V,)."""
        return self.coefficients @ self.support


class OneVsRestSVM:
    """A linear SVM of each class against the rest: the highest score is the answer.

    x: a tensor (N, V) of real numbers, or `Bags`.
    """

    def __init__(self, classes: int, cost: float = 1.0) -> None:
        self.machines = [LinearSVM(cost) for _ in range(classes)]

    def fit(self, x: Table | Tensor, labels: Tensor) -> "OneVsRestSVM":
        """Fit each machine to labels (N,). Errors: as for `KernelSVM.fit`."""
        rows = Table.of(x).rows.to_dense()
        for label, machine in enumerate(self.machines):
            machine.fit(rows, (labels == label).long())
        return self

    def decision(self, x: Table | Tensor) -> Tensor:
        """The score of each class, no probability. (N, K)"""
        rows = Table.of(x).rows.to_dense()
        return torch.stack([machine.decision(rows) for machine in self.machines], dim=1)


def solve_dual(
    gram: Tensor, side: Tensor, cost: float, steps: int, tolerance: float
) -> tuple[Tensor, float]:
    """Sequential minimal optimisation, with second-order selection of the pair.

    A coefficient is between 0 and cost * side; their sum stays 0. At the optimum,
    side - (output without bias) is equal for all free coefficients: it is the bias.
    Shapes: gram (N, N), side (N,) -> coefficients (N,), bias.
    Errors: ValueError for steps below 1, or too few.
    Source: Platt (1998); the pair is chosen as in Fan et al. (2005).
    """
    low, high = (cost * side).clamp(max=0), (cost * side).clamp(min=0)
    dual, error = torch.zeros_like(side), side.clone()  # (N,), (N,)
    diagonal = gram.diagonal()
    if steps < 1 or not tolerance > 0:
        raise ValueError(f"steps, tolerance must be positive: {steps}, {tolerance}")
    for _ in range(steps):
        up_errors = error.masked_fill(dual >= high, -math.inf)
        i = int(up_errors.argmax())
        gain = (up_errors[i] - error).masked_fill(dual <= low, -math.inf)  # (N,)
        if float(gain.max()) <= tolerance:
            return dual, float(up_errors[i] - gain.max() / 2)
        curvature = (diagonal[i] + diagonal - 2 * gram[i]).clamp(min=1e-12)  # (N,)
        j = int((gain.clamp(min=0).square() / curvature).argmax())
        step = torch.stack(
            [gain[j] / curvature[j], high[i] - dual[i], dual[j] - low[j]]
        )
        step = step.min()
        dual[i] += step
        dual[j] -= step
        error -= step * (gram[i] - gram[j])
    raise ValueError(
        f"not converged after {steps} steps: two outputs disagree on the bias by "
        f"{float(gain.max()):.0e}, where tolerance is {tolerance:.0e}"
    )
