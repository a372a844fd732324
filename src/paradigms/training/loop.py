"""The training loop: the same on one processor and on several.

`torchrun --nproc-per-node 2 -m paradigms measure NAME` shares each batch among two
processes; the curve is that of one process up to rounding.  Nothing here was tried on a
GPU, and experiments keep their data on the processor.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn

Batch = tuple[Tensor, ...]
Loss = Callable[[nn.Module, Batch], tuple[Tensor, Tensor]]  # sum, number of terms


@dataclass(frozen=True)
class TrainingConfig:
    """AdamW with linear warm-up over `warmup` steps, then linear decay to zero.

    Source: Loshchilov & Hutter (2019) for the decay, Devlin et al. (2019), appendix A.2
    for the shape of the rate.
    """

    steps: int
    rate: float = 1e-3
    warmup: int = 100
    decay: float = 0.01
    clip: float = 1.0

    def factor(self, step: int) -> float:
        """The multiplier of the rate at a step, counted from 0."""
        rise = (step + 1) / max(self.warmup, 1)
        fall = (self.steps - step) / max(self.steps - self.warmup, 1)
        return min(rise, fall, 1.0)


def train(
    network: nn.Module,
    batch: Callable[[int], Batch],
    loss: Loss,
    recipe: TrainingConfig,
    often: int = 50,
) -> list[tuple[int, float]]:
    """Train in place; returns (last step, mean loss) of every `often` steps.

    `batch(step)` gives tensors (B, ...), the same in every process; `loss` gives the
    sum over the targets and their number, so that processes with more targets weigh
    more.
    Errors: ValueError for fewer than one step, a batch with fewer rows than processes,
    or a loss that is no longer finite.
    """
    if recipe.steps < 1:
        raise ValueError(f"steps must be at least 1: {recipe.steps}")
    accelerator = Accelerator(cpu=not torch.accelerator.is_available())
    optimiser = torch.optim.AdamW(
        network.parameters(), recipe.rate, weight_decay=recipe.decay, fused=True
    )
    model, optimiser = accelerator.prepare(network.train(), optimiser)
    curve, recent = [], []
    for step in range(recipe.steps):
        for group in optimiser.param_groups:
            group["lr"] = recipe.rate * recipe.factor(step)
        recent.append(_step(accelerator, model, optimiser, batch(step), loss, recipe))
        if len(recent) == often or step + 1 == recipe.steps:
            curve.append((step + 1, sum(recent) / len(recent)))
            recent.clear()
    network.eval()
    return curve


def _step(
    accelerator: Accelerator,
    network: nn.Module,
    optimiser: Any,
    whole: Batch,
    loss: Loss,
    recipe: TrainingConfig,
) -> float:
    total, count = loss(network, shard(accelerator, whole))
    # Gradients are averaged over the processes; this makes them a mean over targets.
    totals = accelerator.reduce(torch.stack([total.detach(), count.to(total)]))
    optimiser.zero_grad()
    accelerator.backward(total * accelerator.num_processes / totals[1])
    accelerator.clip_grad_norm_(network.parameters(), recipe.clip)
    optimiser.step()
    mean = float(totals[0] / totals[1])
    if not mean < float("inf"):
        raise ValueError(f"the loss is no longer finite ({mean}): lower the rate")
    return mean


def shard(accelerator: Accelerator, whole: Sequence[Tensor]) -> Batch:
    """The rows of a batch for this process, on its device."""
    count, rank = accelerator.num_processes, accelerator.process_index
    if len(whole[0]) < count:
        raise ValueError(f"a batch needs a row a process: {len(whole[0])} for {count}")
    return tuple(
        tensor.tensor_split(count)[rank].to(accelerator.device) for tensor in whole
    )
