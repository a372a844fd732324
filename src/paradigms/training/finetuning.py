"""Fine-tuning of all weights, with the best learning rate and number of steps.

Both are chosen on validation texts, apart from training and test texts.
"""

import copy
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from paradigms.training.loop import Batch, TrainingConfig, train
from paradigms.training.two_rules import Label, Words, label_loss, mean_state

Labelled = tuple[Tensor, Tensor]  # rows (N, T) of ids, labels (N,)


@dataclass(frozen=True)
class Sweep:
    """Each rate is trained for all steps, with `moments` evenly spaced evaluations."""

    steps: int
    rates: tuple[float, ...]
    moments: int
    batch: int


class Read(Label):
    """Two classes from the mean state, under both rules: (B, T) -> (B, 2)."""

    def forward(self, rows: Tensor) -> Tensor:
        return self.label(mean_state(self.of.states(rows), rows))


def error_and_loss(logits: Tensor, labels: Tensor) -> tuple[float, float]:
    """The error rate, and the log-loss, which breaks ties."""
    error_rate = (logits.argmax(dim=1) != labels).double().mean()
    return float(error_rate), float(cross_entropy(logits.detach().double(), labels))


def finetune(
    start: Words, width: int, learn: Labelled, choose: Labelled, plan: Sweep
) -> tuple[Label, int]:
    """A fine-tuned copy of the network, and its number of steps.

    It has the lowest error on `choose` over all rates and evaluations.
    """
    candidates = [
        finetune_at_rate(start, width, learn, choose, plan, rate) for rate in plan.rates
    ]
    _, step, network = min(candidates, key=lambda moment: moment[0])
    return network, step


def finetune_at_rate(
    start: Words,
    width: int,
    learn: Labelled,
    choose: Labelled,
    plan: Sweep,
    rate: float,
) -> tuple[tuple[float, float], int, Label]:
    """One rate: score (`judged`), step and network copy of the best evaluation."""
    torch.manual_seed(0)
    network = Read(copy.deepcopy(start), width)
    rng, evaluations = torch.Generator().manual_seed(0), []
    rows, labels = learn

    def evaluate(step: int) -> None:
        with torch.no_grad():
            score = error_and_loss(network(choose[0]), choose[1])
        evaluations.append((score, step, copy.deepcopy(network)))

    def batch(step: int) -> Batch:
        if step and step % (plan.steps // plan.moments) == 0:
            evaluate(step)
        indices = torch.randint(len(rows), (plan.batch,), generator=rng)
        return rows[indices], labels[indices]

    recipe = TrainingConfig(plan.steps, rate, warmup=plan.steps // 10)
    train(network, batch, label_loss, recipe)
    evaluate(plan.steps)
    return min(evaluations, key=lambda moment: moment[0])
