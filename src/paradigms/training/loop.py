"""The training loop: the same in one process and in several, on the processor.

`torchrun --nproc-per-node 2 -m paradigms measure NAME` shares each batch among two
processes; the curve is that of one process up to rounding, if the loss is a sum over
the targets and draws nothing (each process draws ELECTRA's replacements of its own).
A GPU is not used even where there is one: experiments keep their data in the
processor's memory.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from math import isfinite
from typing import TypeVar

import torch
from accelerate import Accelerator
from torch import Tensor, nn


@dataclass(frozen=True)
class Batch:
    """Tensors with a row for each text; a loss knows which of them its objective has.

    `weights` (B,) of each row's loss; `prefix_lengths` (B,) in tokens; `text` (B, T)
    before corruption; `seeds` (B,) for what the loss itself samples.
    """

    inputs: Tensor
    targets: Tensor
    weights: Tensor | None = None
    prefix_lengths: Tensor | None = None
    text: Tensor | None = None
    seeds: Tensor | None = None


Tensors = tuple[Tensor, ...]
# Where an experiment has its own loss, a batch may be a tuple that the loss unpacks.
AnyBatch = TypeVar("AnyBatch", Batch, Tensors)
Loss = Callable[[nn.Module, AnyBatch], tuple[Tensor, Tensor]]  # sum, number of terms


@dataclass(frozen=True)
class TrainingConfig:
    """AdamW with linear warm-up over `warmup` steps, then linear decay to zero.

    Source: Loshchilov & Hutter (2019) for the weight decay, Devlin et al. (2019),
    appendix A.2 for the schedule of the learning rate.
    """

    steps: int
    learning_rate: float = 1e-3
    warmup: int = 100
    weight_decay: float = 0.01
    max_grad_norm: float = 1.0

    def factor(self, step: int) -> float:
        """The multiplier of the learning rate at a step, counted from 0."""
        rise = (step + 1) / max(self.warmup, 1)
        fall = (self.steps - step) / max(self.steps - self.warmup, 1)
        return min(rise, fall, 1.0)


def train(
    network: nn.Module,
    batch: Callable[[int], AnyBatch],
    loss: Loss[AnyBatch],
    config: TrainingConfig,
    log_every: int = 50,
) -> list[tuple[int, float]]:
    """Train in place; returns (last step, mean loss) of every `log_every` steps.

    `batch(step)` is the same in every process; `loss` gives the sum over the targets
    and their number, so that processes with more targets weigh more.
    Errors: ValueError for fewer than one step, a batch without a target or with fewer
    rows than processes, or a loss that is no longer finite.
    """
    if config.steps < 1:
        raise ValueError(f"steps must be at least 1: {config.steps}")
    accelerator = Accelerator(cpu=True)
    optimiser = torch.optim.AdamW(
        network.parameters(),
        config.learning_rate,
        weight_decay=config.weight_decay,
        fused=True,
    )
    model, optimiser = accelerator.prepare(network.train(), optimiser)

    def step_loss(step: int) -> float:
        total, count = loss(model, shard(accelerator, batch(step)))
        # Gradients are averaged over the processes: this makes a mean over targets.
        totals = accelerator.reduce(torch.stack([total.detach(), count.to(total)]))
        if not totals[1] > 0:
            raise ValueError(f"the batch of step {step} holds no target")
        optimiser.zero_grad()
        accelerator.backward(total * accelerator.num_processes / totals[1])
        accelerator.clip_grad_norm_(model.parameters(), config.max_grad_norm)
        optimiser.step()
        return _finite(float(totals[0] / totals[1]))

    curve, recent = [], []
    for step in range(config.steps):
        for group in optimiser.param_groups:
            group["lr"] = config.learning_rate * config.factor(step)
        recent.append(step_loss(step))
        if len(recent) == log_every or step + 1 == config.steps:
            curve.append((step + 1, sum(recent) / len(recent)))
            recent.clear()
    network.eval()
    return curve


def _finite(mean: float) -> float:
    if not isfinite(mean):
        raise ValueError(f"the loss is no longer finite ({mean}): lower the rate")
    return mean


def shard(accelerator: Accelerator, batch: AnyBatch) -> AnyBatch:
    """The rows of a batch for this process."""

    def rows(tensor: Tensor) -> Tensor:
        count, rank = accelerator.num_processes, accelerator.process_index
        if len(tensor) < count:
            raise ValueError(
                f"a batch needs a row a process: {len(tensor)} for {count}"
            )
        part: Tensor = tensor.tensor_split(count)[rank]
        return part

    if isinstance(batch, Batch):
        tensors = {field.name: getattr(batch, field.name) for field in fields(batch)}
        return replace(
            batch, **{name: rows(x) for name, x in tensors.items() if x is not None}
        )
    return tuple(rows(tensor) for tensor in batch)
