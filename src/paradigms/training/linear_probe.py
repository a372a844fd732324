"""Linear probes of a pretrained network's states, and its fine-tuning on labels."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from paradigms.models.gpt import GPT
from paradigms.models.logistic_regression import LogisticRegression
from paradigms.training.loop import TrainingConfig, train
from paradigms.training.pretraining import Batch, Objective, with_head

Read = Callable[[Tensor], Tensor]  # outputs for words (N, T, X) -> (M, X)
ROWS = 32  # batch size of fine-tuning


class Task(NamedTuple):
    """Texts (N, T) with labels (M,), to train on, to validate and to test.

    `reads`: from the outputs for words to one row for each label; of several, the one
    with the highest validation accuracy is used.
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
    """Test accuracy of a linear probe on frozen states, and after fine-tuning."""
    best, accuracies = -1.0, {}
    for read in task.reads.values():
        validation, test = probe(objective, network, task, read)
        if validation > best:
            best, chosen, accuracies = validation, read, {"probe": test}
    return accuracies | {
        "tuned": finetuned_accuracy(objective, network, task, chosen, tuning)
    }


def probe(
    objective: Objective, network: GPT, task: Task, read: Read
) -> tuple[float, float]:
    """Validation and test accuracy of logistic regression on frozen states."""
    backbone = with_head(network)
    with torch.no_grad():
        parts = [
            read(objective.look(backbone, texts)).double() for texts, _ in task[:3]
        ]
    std, mean = torch.std_mean(parts[0], dim=0)
    x, *evaluated = ((part - mean) / std.clamp(min=1e-6) for part in parts)
    model = LogisticRegression(2, 0.01).fit(x, task.learn[1])
    validation, test = (
        float((model.predict_proba(y).argmax(dim=1) == labels).double().mean())
        for y, (_, labels) in zip(evaluated, task[1:3], strict=True)
    )
    return validation, test


def finetuned_accuracy(
    objective: Objective, network: GPT, task: Task, read: Read, tuning: TrainingConfig
) -> float:
    """Test accuracy after fine-tuning all weights on the labels."""
    torch.manual_seed(0)
    classifier = with_head(network, 2)
    rng = torch.Generator().manual_seed(0)
    texts, labels = task.learn
    per_text = len(labels) // len(texts)  # labels of a text

    def batch(step: int) -> Batch:
        del step
        indices = torch.randint(len(texts), (ROWS,), generator=rng)
        return texts[indices], labels.view(-1, per_text)[indices]

    def loss(network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        logits = read(objective.look(network, batch[0]))
        losses = F.cross_entropy(logits, batch[1].flatten(), reduction="sum")
        return losses, torch.tensor(len(logits))

    train(classifier, batch, loss, tuning)
    with torch.no_grad():
        predictions = read(objective.look(classifier, task.ask[0])).argmax(dim=1)
    return float((predictions == task.ask[1]).double().mean())
