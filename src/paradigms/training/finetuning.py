"""A network and a few labels: all weights trained, the best rate and moment kept.

What is best is decided on texts that are neither learnt from nor asked in the end.
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
class Plan:
    """Each rate is tried for all steps, and looked at in as many equal `moments`."""

    steps: int
    rates: tuple[float, ...]
    moments: int
    batch: int


class Read(Label):
    """Two classes from the mean state, under both rules: (B, T) -> (B, 2)."""

    def forward(self, rows: Tensor) -> Tensor:
        return self.label(mean_state(self.of.states(rows), rows))


def judged(logits: Tensor, labels: Tensor) -> tuple[float, float]:
    """The share of wrong answers, and the log-loss, which decides between equals."""
    wrong = (logits.argmax(dim=1) != labels).double().mean()
    return float(wrong), float(cross_entropy(logits.detach().double(), labels))


def tuned(
    start: Words, width: int, learn: Labelled, choose: Labelled, plan: Plan
) -> tuple[Label, int]:
    """A copy of the network that has learnt the labels, and after how many steps.

    Of all rates and moments it is the one that errs least on `choose`.
    """
    found = [of_rate(start, width, learn, choose, plan, rate) for rate in plan.rates]
    _, step, network = min(found, key=lambda moment: moment[0])
    return network, step


def of_rate(
    start: Words,
    width: int,
    learn: Labelled,
    choose: Labelled,
    plan: Plan,
    rate: float,
) -> tuple[tuple[float, float], int, Label]:
    """One rate: what is `judged`, step and copy of the network at its best moment."""
    torch.manual_seed(0)
    network = Read(copy.deepcopy(start), width)
    dice, moments = torch.Generator().manual_seed(0), []
    rows, labels = learn

    def look(step: int) -> None:
        with torch.no_grad():
            score = judged(network(choose[0]), choose[1])
        moments.append((score, step, copy.deepcopy(network)))

    def batch(step: int) -> Batch:
        if step and step % (plan.steps // plan.moments) == 0:
            look(step)
        some = torch.randint(len(rows), (plan.batch,), generator=dice)
        return rows[some], labels[some]

    recipe = TrainingConfig(plan.steps, rate, warmup=plan.steps // 10)
    train(network, batch, label_loss, recipe)
    look(plan.steps)
    return min(moments, key=lambda moment: moment[0])
