"""Fine-tuning of all weights on labels, beside a linear probe of the same network.

A sweep chooses learning rate and number of steps on validation texts, apart from
training and test texts.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from paradigms.layers import initialise
from paradigms.models.gpt import GPT
from paradigms.objectives import summed_cross_entropy
from paradigms.training.linear_probe import (
    Labelled,
    Score,
    probe_states,
    score,
)
from paradigms.training.loop import Batch, TrainingConfig, train
from paradigms.training.pretraining import MaskedOrCausalLM, Objective, with_head

Pooling = Callable[[Tensor], Tensor]  # outputs for words (N, T, X) -> (M, X)
BATCH = 32  # texts a step, of `probe_and_finetune`


def train_on_labels(
    classifier: nn.Module,
    source: Labelled,
    config: TrainingConfig,
    batch_size: int,
    before_step: Callable[[int], None] = lambda _: None,
) -> None:
    """Train all weights in place on random batches of texts, by the log-loss.

    The classifier maps texts (B, T) to logits (M, K); each text has the same number of
    labels.
    """
    rng = torch.Generator().manual_seed(0)
    labels = source.labels.view(len(source.x), -1)

    def batch(step: int) -> Batch:
        before_step(step)
        indices = torch.randint(len(source.x), (batch_size,), generator=rng)
        return Batch(source.x[indices], labels[indices])

    train(classifier, batch, label_loss, config)


def label_loss(classifier: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
    """The summed log-loss of the labels, in nats, and their number."""
    return summed_cross_entropy(classifier(batch.inputs), batch.targets.flatten())


@dataclass(frozen=True)
class Sweep:
    """Each learning rate is trained for all steps, evaluated at even distances.

    Errors: ValueError for no evaluation, or more of them than steps.
    """

    steps: int
    learning_rates: tuple[float, ...]
    evaluations: int
    batch: int

    def __post_init__(self) -> None:
        if not 1 <= self.evaluations <= self.steps:
            raise ValueError(
                "evaluations must lie between 1 and the number of steps: got "
                f"{self.evaluations} for {self.steps}"
            )


class SequenceClassifier(nn.Module):
    """Two classes from the mean state of a text: (B, T) -> logits (B, 2)."""

    def __init__(self, backbone: MaskedOrCausalLM) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = nn.Linear(backbone.width, 2)
        initialise(self.head)

    def forward(self, tokens: Tensor) -> Tensor:
        logits: Tensor = self.head(self.backbone.mean_state(tokens))
        return logits


class Checkpoint(NamedTuple):
    """A fine-tuned network, its validation score, and the number of its steps."""

    score: Score
    step: int
    network: SequenceClassifier


def finetune(
    start: MaskedOrCausalLM, source: Labelled, validation: Labelled, sweep: Sweep
) -> Checkpoint:
    """The copy with the best validation score, over all rates and evaluations."""
    candidates = [
        finetune_at_rate(start, source, validation, sweep, learning_rate)
        for learning_rate in sweep.learning_rates
    ]
    return min(candidates, key=lambda candidate: candidate.score)


def finetune_at_rate(
    start: MaskedOrCausalLM,
    source: Labelled,
    validation: Labelled,
    sweep: Sweep,
    learning_rate: float,
) -> Checkpoint:
    """The copy with the best validation score, over the evaluations of one rate."""
    torch.manual_seed(0)
    network = SequenceClassifier(copy.deepcopy(start))
    results = []

    def evaluate(step: int) -> None:
        if step and step % (sweep.steps // sweep.evaluations) == 0:
            keep(step)

    def keep(step: int) -> None:
        with torch.no_grad():
            result = score(network(validation.x), validation.labels)
        results.append(Checkpoint(result, step, copy.deepcopy(network)))

    config = TrainingConfig(sweep.steps, learning_rate, warmup=sweep.steps // 10)
    train_on_labels(network, source, config, sweep.batch, evaluate)
    keep(sweep.steps)
    return min(results, key=lambda result: result.score)


class ProbingTask(NamedTuple):
    """Texts with labels (M,) of three parts.

    `poolings`: from the outputs for words to a row for each label; of several, the one
    with the lowest validation error of a probe is used.
    """

    train: Labelled
    validation: Labelled
    test: Labelled
    poolings: tuple[Pooling, ...]


def inner_words(outputs: Tensor) -> Tensor:
    """A row for each word that has a neighbour on both sides: (N, T, X) -> (M, X)."""
    return outputs[:, 1:-1].flatten(0, 1)


def mean_of_words(outputs: Tensor) -> Tensor:
    """The mean over the words of a text: (N, T, X) -> (N, X)."""
    return outputs.mean(dim=1)


def last_word(outputs: Tensor) -> Tensor:
    """The output for the last word: (N, T, X) -> (N, X)."""
    return outputs[:, -1]


class PretrainedClassifier(nn.Module):
    """A pretrained network with a new head: texts (N, T) -> outputs (M, X).

    Without `classes` there is no head, and the outputs are states.
    """

    def __init__(
        self,
        objective: Objective,
        network: GPT,
        pooling: Pooling,
        classes: int | None = None,
    ) -> None:
        super().__init__()
        self.objective, self.pooling = objective, pooling
        self.network = with_head(network, classes)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.pooling(self.objective.outputs(self.network, tokens))


def probe_and_finetune(
    objective: Objective, network: GPT, task: ProbingTask, config: TrainingConfig
) -> dict[str, float]:
    """Test accuracy of a linear probe on frozen states, and after fine-tuning."""
    probes = [probe(objective, network, task, pooling) for pooling in task.poolings]
    best = min(range(len(probes)), key=lambda index: probes[index][0].error)
    torch.manual_seed(0)
    classifier = PretrainedClassifier(objective, network, task.poolings[best], 2)
    train_on_labels(classifier, task.train, config, BATCH)
    with torch.no_grad():
        result = score(classifier(task.test.x), task.test.labels)
    return {"probe": probes[best][1].accuracy, "tuned": result.accuracy}


def probe(
    objective: Objective, network: GPT, task: ProbingTask, pooling: Pooling
) -> tuple[Score, Score]:
    """Validation and test score of a linear probe on pooled states."""
    backbone = PretrainedClassifier(objective, network, pooling)
    parts = (task.train, task.validation, task.test)
    with torch.no_grad():
        states = (Labelled(backbone(part.x), part.labels) for part in parts)
        validation, test = probe_states(*states)
    return validation, test
