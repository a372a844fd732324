"""How alike two sets of digits are, in the features of a judge."""

import math

import torch
from torch import Tensor

from paradigms.corpora.digits import quantised, scaled
from paradigms.judge import Judge


def compared(judge: Judge, x: Tensor, test: Tensor, k: int) -> dict[str, float]:
    """Pictures (N, 64) beside held-out digits (M, 64), in the judge's last features.

    Around each held-out digit lies a ball that just reaches its k-th nearest held-out
    neighbour. `precision`: the share of pictures in at least one ball; `coverage`: the
    share of balls with at least one picture in them. `Frechet`: see `frechet`.
    """
    made, real = (features(judge, pictures) for pictures in (x, test))
    among = torch.cdist(real, real).fill_diagonal_(math.inf)
    reach = among.kthvalue(k, dim=1).values  # (M,)
    inside = torch.cdist(made, real) <= reach  # (N, M)
    return {
        "precision": float(inside.any(dim=1).double().mean()),
        "coverage": float(inside.any(dim=0).double().mean()),
        "Frechet": frechet(made, real),
    }


@torch.no_grad()
def features(judge: Judge, x: Tensor) -> Tensor:
    """What the judge's classifier sees before its last layer: (N, 128)."""
    return judge.classifier.layers[:-1](scaled(quantised(x))).double()


def frechet(a: Tensor, b: Tensor) -> float:
    """How far apart two normals are that have these means and covariances, squared.

    |m_a - m_b|^2 + tr(A + B - 2 (A B)^(1/2)); the last trace is the sum of the singular
    values of A^(1/2) B^(1/2). Shapes: a (N, D), b (M, D).
    """
    apart = (a.mean(dim=0) - b.mean(dim=0)).square().sum()
    spread = [part.T.cov() for part in (a, b)]
    roots = []
    for matrix in spread:
        values, vectors = torch.linalg.eigh(matrix)
        roots.append(vectors * values.clamp(min=0).sqrt() @ vectors.T)
    shared = torch.linalg.svdvals(roots[0] @ roots[1]).sum()
    return float(apart + spread[0].trace() + spread[1].trace() - 2 * shared)
