"""Losses with ignored targets."""

import torch
from torch import Tensor
from torch.nn import functional as F

from paradigms.data.special_tokens import IGNORE


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """The mean loss in nats over the positions whose target is not IGNORE.

    Shapes: logits (B, T, V), targets (B, T) -> a scalar.
    Errors: ValueError if every target is to be ignored (the mean would be NaN), if a
    target is no id below V, or for logits that give no distribution.

    >>> loss = cross_entropy(torch.zeros(1, 2, 8), torch.tensor([[3, IGNORE]]))
    >>> round(loss.exp().item())  # a uniform guess among eight words
    8
    """
    _check_loss(logits, targets, logits.shape[:-1], logits.shape[-1])
    _check_any(targets)
    flat = targets.flatten().long()  # (B T,)
    loss = F.cross_entropy(logits.flatten(0, 1), flat, ignore_index=IGNORE)
    return _check_losses(loss)


def summed_cross_entropy(
    logits: Tensor, targets: Tensor, weights: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """The sum of the losses in nats over the targets, and the number of targets.

    What a training loop adds up over processes; it leaves the checks to the loop.
    Shapes: logits (N, V) or (B, T, V), targets (N,) or (B, T), weights (B,) of rows.

    >>> targets = torch.tensor([[3, IGNORE]])
    >>> loss, count = summed_cross_entropy(torch.zeros(1, 2, 8), targets)
    >>> round(loss.exp().item()), count.item()
    (8, 1)
    """
    losses = F.cross_entropy(
        logits.transpose(1, -1), targets, ignore_index=IGNORE, reduction="none"
    )  # as targets, zero where ignored
    if weights is not None:
        losses = losses.sum(dim=1) * weights.to(losses.dtype)
    return losses.sum(), (targets != IGNORE).sum()


def binary_cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """The mean binary loss in nats over the positions whose target is not IGNORE.

    Shapes: logits (B, T), targets (B, T) of 0, 1 or IGNORE -> a scalar.
    Errors: as `cross_entropy`.
    Source: the discriminator's loss in Clark et al. (2020), section 2.

    >>> loss = binary_cross_entropy(torch.zeros(1, 2), torch.tensor([[1, IGNORE]]))
    >>> round(loss.exp().item())  # a fair coin
    2
    """
    _check_loss(logits[..., None], targets, logits.shape, 2)
    _check_any(targets)
    valid = targets != IGNORE
    labels = targets[valid].to(logits.dtype)
    return F.binary_cross_entropy_with_logits(logits[valid], labels)


def weighted_cross_entropy(logits: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """The mean over sequences of weight times the sum of losses: nats per sequence.

    A sequence without a target counts as zero and stays in the mean: with the weights
    of `masked_diffusion` the bound is an expectation over all draws, these included.
    Shapes: logits (B, T, V), targets (B, T), weights (B,) -> a scalar.
    Errors: ValueError for weights that are negative, not finite or of another shape,
    and as `cross_entropy` for targets and logits, but that all may be ignored.
    Source: Sahoo et al. (2024), section 3.

    >>> logits, targets = torch.zeros(1, 3, 8), torch.tensor([[3, 4, IGNORE]])
    >>> loss = weighted_cross_entropy(logits, targets, weights=torch.tensor([0.5]))
    >>> round(loss.exp().item())  # half the sum of two losses of log 8
    8
    """
    _check_loss(logits, targets, logits.shape[:-1], logits.shape[-1])
    if weights.shape != targets.shape[:1]:
        raise ValueError(
            f"weights must be of shape ({len(targets)},): {tuple(weights.shape)}"
        )
    if not bool((weights.isfinite() & (weights >= 0)).all()):
        raise ValueError(f"weights must be finite and not negative: {weights.tolist()}")
    total, _ = summed_cross_entropy(logits, targets.long(), weights)
    return _check_losses(total) / len(weights)


def _check_loss(
    logits: Tensor, targets: Tensor, shape: torch.Size, classes: int
) -> None:
    if targets.shape != shape or targets.ndim != 2 or targets.numel() == 0:
        raise ValueError(
            f"targets of shape (B, T), not empty, must fit the logits: got "
            f"{tuple(targets.shape)} for {tuple(logits.shape)}"
        )
    if not logits.is_floating_point():
        raise ValueError(f"logits must be floating-point numbers: got {logits.dtype}")
    if targets.dtype not in (torch.int64, torch.int32):
        raise ValueError(f"targets must be ids, int64 or int32: got {targets.dtype}")
    invalid = (targets != IGNORE) & ((targets < 0) | (targets >= classes))
    if bool(invalid.any()):
        raise ValueError(
            f"targets must be {IGNORE} or lie in 0..{classes - 1}: "
            f"found {int(targets[invalid][0])}"
        )
    # Single logits may be -inf (probability zero), but not the highest of a position.
    highest = logits.detach().amax(dim=-1)  # (B, T): NaN if any is
    if not bool(highest.isfinite().all()):
        value = float(highest[~highest.isfinite()][0])
        raise ValueError(f"logits must be finite at their highest: found {value}")


def _check_losses(losses: Tensor) -> Tensor:
    if not bool(losses.isfinite().all()):
        raise ValueError(
            "targets hold a word of probability zero: its loss is infinite"
        )
    return losses


def _check_any(targets: Tensor) -> None:
    if bool((targets == IGNORE).all()):
        raise ValueError(f"targets are all {IGNORE} (ignored): nothing to learn from")
