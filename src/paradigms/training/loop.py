"""The one loop that trains: the same on one processor, on several, and on GPUs.

`accelerate launch -m paradigms measure NAME` spreads it over GPUs, and `torchrun
--nproc-per-node 2 -m paradigms measure NAME` over processors; each process reads its
share of every batch, and the curve is that of one process up to rounding.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn

Batch = tuple[Tensor, ...]
Loss = Callable[[nn.Module, Batch], tuple[Tensor, Tensor]]  # a sum, and of how many


@dataclass(frozen=True)
class TrainingConfig:
    """AdamW; the rate rises over `warmup` steps, then falls to zero in a line.

    Source: Loshchilov & Hutter (2019) for the decay, Devlin et al. (2019), appendix A.2
    for the shape of the rate.
    """

    steps: int
    rate: float = 1e-3
    warmup: int = 100
    decay: float = 0.01
    clip: float = 1.0

    def factor(self, step: int) -> float:
        """The share of the full rate at a step, counted from 0."""
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
    """Train in place; the mean loss of every `often` steps, with the last of them.

    `batch(step)` gives tensors (B, ...) that must be alike in every process; `loss` the
    sum over its targets and their number, so that shares of a batch with more targets
    than others count for more.
    Errors: ValueError for fewer than one step, a batch with fewer rows than processes,
    or a loss that is no longer finite.
    """
    if recipe.steps < 1:
        raise ValueError(f"steps must be at least 1: {recipe.steps}")
    accelerator = Accelerator(cpu=not torch.accelerator.is_available())
    optimiser = torch.optim.AdamW(
        network.parameters(), recipe.rate, weight_decay=recipe.decay, fused=True
    )
    spread, optimiser = accelerator.prepare(network.train(), optimiser)
    course, recent = [], []
    for step in range(recipe.steps):
        for group in optimiser.param_groups:
            group["lr"] = recipe.rate * recipe.factor(step)
        recent.append(_step(accelerator, spread, optimiser, batch(step), loss, recipe))
        if len(recent) == often or step + 1 == recipe.steps:
            course.append((step + 1, sum(recent) / len(recent)))
            recent.clear()
    network.eval()
    return course


def _step(
    accelerator: Accelerator,
    network: nn.Module,
    optimiser: Any,
    whole: Batch,
    loss: Loss,
    recipe: TrainingConfig,
) -> float:
    total, count = loss(network, shard(accelerator, whole))
    # Gradients are averaged over the processes: so each divides by its part of all.
    everything = accelerator.reduce(torch.stack([total.detach(), count.to(total)]))
    optimiser.zero_grad()
    accelerator.backward(total * accelerator.num_processes / everything[1])
    accelerator.clip_grad_norm_(network.parameters(), recipe.clip)
    optimiser.step()
    mean = float(everything[0] / everything[1])
    if not mean < float("inf"):
        raise ValueError(f"the loss is no longer finite ({mean}): lower the rate")
    return mean


def shard(accelerator: Accelerator, whole: Sequence[Tensor]) -> Batch:
    """The rows of a batch that fall to this process, on its device."""
    count, mine = accelerator.num_processes, accelerator.process_index
    if len(whole[0]) < count:
        raise ValueError(f"a batch needs a row a process: {len(whole[0])} for {count}")
    return tuple(
        part.tensor_split(count)[mine].to(accelerator.device) for part in whole
    )
