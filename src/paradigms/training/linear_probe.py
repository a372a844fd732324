"""What a pretrained network knows of labels: read from its states, or after tuning."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from paradigms.models.gpt import GPT
from paradigms.models.logistic_regression import LogisticRegression
from paradigms.training.loop import TrainingConfig, train
from paradigms.training.pretraining import Batch, Objective, with_head

Read = Callable[[Tensor], Tensor]  # what each word gives (N, T, X) -> (M, X)
ROWS = 32  # texts of a batch of tuning


class Task(NamedTuple):
    """Texts (N, T) to learn labels from, and to be asked, with labels (M,).

    `reads`: from what each word gives to one row for each label; of several, the one
    that errs least on the validation part is taken.
    """

    learn: tuple[Tensor, Tensor]
    validate: tuple[Tensor, Tensor]
    ask: tuple[Tensor, Tensor]
    reads: dict[str, Read]


def inner(found: Tensor) -> Tensor:
    """One row for each word that has a neighbour on both sides: (N, T, X) -> (M, X)."""
    return found[:, 1:-1].flatten(0, 1)


EVERY: dict[str, Read] = {"every word": inner}
WHOLE: dict[str, Read] = {
    "mean": lambda found: found.mean(dim=1),
    "last": lambda found: found[:, -1],
}


def read_out(
    objective: Objective, network: GPT, task: Task, tuning: TrainingConfig
) -> dict[str, float]:
    """Shares of right answers: of a linear probe on frozen states, and after tuning."""
    best, found = -1.0, {}
    for read in task.reads.values():
        held, right = probe(objective, network, task, read)
        if held > best:
            best, chosen, found = held, read, {"probe": right}
    return found | {"tuned": tuned(objective, network, task, chosen, tuning)}


def probe(
    objective: Objective, network: GPT, task: Task, read: Read
) -> tuple[float, float]:
    """Right on the validation and on the test part, by logistic regression."""
    bare = with_head(network)
    with torch.no_grad():
        parts = [read(objective.look(bare, texts)).double() for texts, _ in task[:3]]
    spread, centre = torch.std_mean(parts[0], dim=0)
    x, *asked = ((part - centre) / spread.clamp(min=1e-6) for part in parts)
    model = LogisticRegression(2, 0.01).fit(x, task.learn[1])
    held, right = (
        float((model.predict_proba(y).argmax(dim=1) == labels).double().mean())
        for y, (_, labels) in zip(asked, task[1:3], strict=True)
    )
    return held, right


def tuned(
    objective: Objective, network: GPT, task: Task, read: Read, tuning: TrainingConfig
) -> float:
    """Right on the test part after training all weights on the labels."""
    torch.manual_seed(0)
    labeller = with_head(network, 2)
    dice = torch.Generator().manual_seed(0)
    texts, labels = task.learn
    each = len(labels) // len(texts)  # labels of a text

    def batch(step: int) -> Batch:
        del step
        some = torch.randint(len(texts), (ROWS,), generator=dice)
        return texts[some], labels.view(-1, each)[some]

    def loss(network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        logits = read(objective.look(network, batch[0]))
        losses = F.cross_entropy(logits, batch[1].flatten(), reduction="sum")
        return losses, torch.tensor(len(logits))

    train(labeller, batch, loss, tuning)
    with torch.no_grad():
        answers = read(objective.look(labeller, task.ask[0])).argmax(dim=1)
    return float((answers == task.ask[1]).double().mean())
