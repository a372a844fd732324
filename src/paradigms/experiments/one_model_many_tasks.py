"""Four tasks on the same synthetic texts: by a task word, by heads, by naive Bayes.

One GPT is trained on whole lines, P(task word, text, answer), another only on their
answers; two encoders are trained on answers, with a task word or a head per task.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from statistics import mean
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from paradigms.data.bag_of_words import Bags
from paradigms.data.special_tokens import IGNORE, SPECIALS
from paradigms.data.synthetic_reviews import (
    ANSWER,
    LABELS,
    LENGTH,
    NEW_TASKS,
    TASKS,
    VOCABULARY,
    Texts,
    answers,
    bags,
    draw,
    is_label,
    lines,
    task_word,
    with_word,
)
from paradigms.experiments.outcome import Outcome, Row
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.generation.decoding import Network, greedy
from paradigms.layers import initialise
from paradigms.models.encoder import Encoder, EncoderConfig
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.models.naive_bayes import MultinomialNaiveBayes
from paradigms.objectives import next_token, summed_cross_entropy
from paradigms.training.loop import Tensors, TrainingConfig, train

QUESTION = "Is performing many tasks from a prompt a property of generative models?"
CLASSES = {"sentiment": (0, 2), "topic": (2, 4)}  # offset in LABELS, how many
ONE_TASK = "one task in nine of ten"
LEARNING_THRESHOLD = 0.95  # accuracy from which a task counts as learned
BAYES = ("naive Bayes, a model a task", "naive Bayes, task word")
Loss: TypeAlias = tuple[Tensor, Tensor]  # sum, number of targets
AnswerLogits: TypeAlias = Callable[[Network, Tensors], Tensor]  # -> logits (N, 6, V)
Answer: TypeAlias = Callable[[Network, Tensors], Tensor]  # -> answers (N, 7)


@dataclass(frozen=True)
class OneModelManyTasksConfig:
    """Networks of about equal size train on the same lines, each with a random task.

    Each network has the rate with the highest accuracy on the seed `trial`, which is
    not among the seeds.
    """

    seeds: int = 5
    steps: int = 1000
    batch: int = 32
    test: int = 250  # texts, each asked for every task
    texts: int = 4000  # of naive Bayes
    width: int = 64
    heads: int = 4
    layers: int = 2
    rates: tuple[float, ...] = (1e-3, 3e-3)
    trial: int = 100


CONFIG = OneModelManyTasksConfig()


class TaskHeads(nn.Module):
    """One encoder; a classification head for two tasks, a word head for the others.

    Shapes: tokens (B, 1 + L) -> logits (B, T, L, V), the answer's L words task by task.
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.encoder = Encoder(config)
        self.heads = nn.ModuleList(
            nn.Linear(config.width, config.vocabulary) for _ in TASKS
        )
        initialise(self)

    def forward(self, tokens: Tensor) -> Tensor:
        states = self.encoder(tokens)  # (B, 1 + L, W)
        first = states[:, :1].expand(-1, states.shape[1] - 1, -1)  # (B, L, W)
        inputs = [first if task in CLASSES else states[:, 1:] for task in TASKS]
        scores = [head(x) for head, x in zip(self.heads, inputs, strict=True)]
        return torch.stack(scores, dim=1)  # (B, T, L, V)


class TaskWordEncoder(nn.Module):
    """One encoder with one word head; the first token names the task.

    Shapes: tokens (B, 1 + L) -> logits (B, L, V), the answer's words.
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.encoder = Encoder(config)
        self.head = nn.Linear(config.width, config.vocabulary)
        initialise(self)

    def forward(self, tokens: Tensor) -> Tensor:
        logits: Tensor = self.head(self.encoder(tokens)[:, 1:])
        return logits


def build_gpt(config: OneModelManyTasksConfig) -> GPT:
    """A GPT for lines of a task word, a text, a separator and an answer."""
    positions = 2 * LENGTH + 4
    return GPT(
        GPTConfig(VOCABULARY, positions, config.width, config.layers, config.heads)
    )


def encoder_config(config: OneModelManyTasksConfig) -> EncoderConfig:
    """An encoder for one more token than a text."""
    width = config.width
    return EncoderConfig(
        VOCABULARY, LENGTH + 1, width, config.layers, config.heads, hidden=4 * width
    )


def head_scores(network: Network, batch: Tensors) -> Tensor:
    """Logits of each task's head for the words of its answer: (N, 6, V)."""
    _, text, _, tasks = batch
    logits = network(F.pad(text, (1, 0), value=SPECIALS.bos))  # (N, T, 6, V)
    return logits[torch.arange(len(tasks)), tasks]


def task_word_scores(network: Network, batch: Tensors) -> Tensor:
    """Logits for the words of the answers: (N, 6, V)."""
    return network(torch.cat(batch[:2], dim=1))


def encoder_loss(score: AnswerLogits, network: Network, batch: Tensors) -> Loss:
    """The sum of the losses of answers, and their number."""
    answer = batch[2][:, :LENGTH]
    targets = answer.masked_fill(answer <= 2, IGNORE)
    return summed_cross_entropy(score(network, batch), targets)


def gpt_loss(network: Network, batch: Tensors, answers_alone: bool = False) -> Loss:
    """The sum of the losses of whole lines or of answers, and their number."""
    word, text, answer, _ = batch
    separator = torch.full_like(word, ANSWER)
    inputs, targets = next_token(torch.cat([word, text, separator, answer], dim=1))
    if answers_alone:
        targets[:, : LENGTH + 2] = IGNORE
    return summed_cross_entropy(network(inputs), targets)


def fill_in(score: AnswerLogits, network: Network, batch: Tensors) -> Tensor:
    """An encoder's answers, in the format of `answers`: (N, 7).

    It predicts six words; if the first is a label the others are ignored.
    """
    words = score(network, batch).argmax(dim=-1)  # (N, 6)
    whole = F.pad(words, (0, 1), value=SPECIALS.eos)
    short = torch.full_like(whole, SPECIALS.pad)
    short[:, 0], short[:, 1] = words[:, 0], SPECIALS.eos
    return torch.where(is_label(short)[:, None], short, whole)


def generate(network: Network, batch: Tensors) -> Tensor:
    """A GPT's answers up to EOS, in the format of `answers`: (N, 7)."""
    word, text, _, _ = batch
    start, separator = (torch.full_like(word, id) for id in (SPECIALS.bos, ANSWER))
    prompt = torch.cat([start, word, text, separator], dim=1)
    outputs = greedy(network, prompt, LENGTH + 1, eos=SPECIALS.eos)
    outputs = outputs[:, prompt.shape[1] :]
    return F.pad(outputs, (0, LENGTH + 1 - outputs.shape[1]), value=SPECIALS.pad)


@dataclass(frozen=True)
class TaskNetwork:
    """A network, its loss and its answers; whether a word names the task."""

    name: str
    build: Callable[[OneModelManyTasksConfig], nn.Module]
    loss: Callable[[Network, Tensors], Loss]
    answer: Answer
    task_word: bool = True


VARIANTS = (
    TaskNetwork("GPT, whole lines", build_gpt, gpt_loss, generate),
    TaskNetwork(
        "GPT, answers", build_gpt, partial(gpt_loss, answers_alone=True), generate
    ),
    TaskNetwork(
        "encoder, task word",
        lambda config: TaskWordEncoder(encoder_config(config)),
        partial(encoder_loss, task_word_scores),
        partial(fill_in, task_word_scores),
    ),
    TaskNetwork(
        "encoder, heads",
        lambda config: TaskHeads(encoder_config(config)),
        partial(encoder_loss, head_scores),
        partial(fill_in, head_scores),
        task_word=False,
    ),
)


def train_and_test(
    config: OneModelManyTasksConfig, variant: TaskNetwork, rate: float, seed: int
) -> dict[str, Any]:
    """Train a network on all tasks; accuracy by task."""
    rng = torch.Generator().manual_seed(seed)
    test = draw(config.test, rng)
    torch.manual_seed(seed)
    network = variant.build(config)

    def batch(_step: int) -> Tensors:
        tasks = torch.randint(len(TASKS), (config.batch,), generator=rng)
        return lines(draw(config.batch, rng), tasks)

    training = TrainingConfig(
        config.steps, learning_rate=rate, warmup=config.steps // 10
    )
    train(network, batch, variant.loss, training)
    answer = partial(variant.answer, network)
    return {
        "parameters": sum(p.numel() for p in network.parameters()),
        "accuracy": [accuracy(answer, test, task) for task in range(len(TASKS))],
        **(answers_to_new_words(answer, test) if variant.task_word else {}),
    }


@torch.no_grad()
def accuracy(answer: Callable[[Tensors], Tensor], texts: Texts, task: int) -> float:
    """The share of answers that match exactly."""
    batch = lines(texts, torch.full((len(texts.words),), task))
    return float((answer(batch) == batch[2]).all(dim=1).double().mean())


@torch.no_grad()
def answers_to_new_words(
    answer: Callable[[Tensors], Tensor], texts: Texts
) -> dict[str, Any]:
    """For task words never trained on: the share of outputs that answer each task.

    `none of the four`: correct for no task.  `no answer to any task`: neither a label
    nor the text in the order of a task.
    """
    tasks = torch.zeros(len(texts.words)).long()
    expected = torch.stack([answers(texts, tasks + t) for t in range(len(TASKS))])
    share_rows, no_match, no_answer = [], [], []
    for extra in range(NEW_TASKS):
        word = task_word(len(TASKS) + extra + tasks)[:, None]
        outputs = answer((word, texts.words, expected[0], tasks))  # (N, 7)
        right = (outputs == expected).all(dim=2)  # boolean (T, N)
        share_rows.append(right.double().mean(dim=1).tolist())
        no_match.append(1 - float(right.any(dim=0).double().mean()))
        valid = is_label(outputs) | right[len(CLASSES) :].any(dim=0)
        no_answer.append(1 - float(valid.double().mean()))
    shares = torch.tensor(share_rows, dtype=torch.float64)  # (words, T)
    return {
        "shares": shares.mean(dim=0).tolist(),
        "none of the four": sum(no_match) / NEW_TASKS,
        "no answer to any task": sum(no_answer) / NEW_TASKS,
        ONE_TASK: float((shares.amax(dim=1) > 0.9).double().mean()),
    }


def naive_bayes(config: OneModelManyTasksConfig, seed: int) -> dict[str, list[float]]:
    """Naive Bayes on word counts: a model per task, or one with task words.

    The latter counts the task's word with the text; its classes are all six labels.
    """
    rng = torch.Generator().manual_seed(seed)
    test, training = draw(config.test, rng), draw(config.texts, rng)
    separate, with_task_word, documents, truth = [], [], [], []
    for task, (name, (shift, classes)) in enumerate(CLASSES.items()):
        labels, test_labels = getattr(training, name), getattr(test, name)
        model = MultinomialNaiveBayes(classes).fit(bags(training), labels)
        separate.append(class_accuracy(model, bags(test), test_labels))
        documents += with_word(training, task)
        truth.append(labels + shift)
    joint = MultinomialNaiveBayes(len(LABELS))
    joint.fit(Bags(documents, VOCABULARY), torch.cat(truth))
    for task, (name, (shift, _)) in enumerate(CLASSES.items()):
        rows = Bags(with_word(test, task), VOCABULARY)
        with_task_word.append(class_accuracy(joint, rows, getattr(test, name) + shift))
    return dict(zip(BAYES, (separate, with_task_word), strict=True))


def class_accuracy(model: MultinomialNaiveBayes, x: Bags, labels: Tensor) -> float:
    """The share of documents whose most likely class is the label."""
    return float((model.predict_proba(x).argmax(dim=1) == labels).double().mean())


def run(config: OneModelManyTasksConfig, each: Each = serial_map) -> Outcome:
    """A row per model with its accuracy in each task; one for untrained task words."""
    trials = list(product(VARIANTS, config.rates))
    trial_results = each(
        trials, lambda cell: train_and_test(config, *cell, config.trial)
    )
    trial_accuracy: dict[str, dict[float, float]] = {v.name: {} for v in VARIANTS}
    for (variant, rate), result in zip(trials, trial_results, strict=True):
        trial_accuracy[variant.name][rate] = sum(result["accuracy"]) / len(TASKS)
    rates = {
        name: max(by_rate, key=by_rate.__getitem__)
        for name, by_rate in trial_accuracy.items()
    }
    cells = list(product(VARIANTS, range(config.seeds)))
    results = each(
        cells,
        lambda cell: train_and_test(config, cell[0], rates[cell[0].name], cell[1]),
    )
    rows: list[Row] = []
    for place, variant in enumerate(VARIANTS):
        runs = results[place * config.seeds : (place + 1) * config.seeds]
        columns = {
            f"trial accuracy, rate {rate:g}": share
            for rate, share in trial_accuracy[variant.name].items()
        }
        rows.append(
            {
                "name": variant.name,
                "parameters": runs[0]["parameters"],
                "learning rate": rates[variant.name],
                **columns,
                **by_task([run["accuracy"] for run in runs]),
            }
        )
        if variant.task_word:
            rows.append(row_of_new_words(variant, runs))
    bayes = each(range(config.seeds), lambda seed: naive_bayes(config, seed))
    rows += [{"name": name, **by_task([run[name] for run in bayes])} for name in BAYES]
    return Outcome(rows)


def row_of_new_words(variant: TaskNetwork, runs: Sequence[dict[str, Any]]) -> Row:
    """Means over the seeds of `answers_to_new_words`, and ranges of the last three."""
    row: Row = {"name": f"{variant.name}, untrained task word"}
    shares = zip(*(run["shares"] for run in runs), strict=True)
    row |= {task: mean(by_seed) for task, by_seed in zip(TASKS, shares, strict=True)}
    for column in ("none of the four", "no answer to any task", ONE_TASK):
        row |= mean_and_range(column, [run[column] for run in runs])
    return row


def mean_and_range(column: str, values: Sequence[float]) -> dict[str, float]:
    """Mean and range: a t interval does not suit all-or-nothing accuracies."""
    return {
        column: mean(values),
        f"{column}, lowest seed": min(values),
        f"{column}, highest seed": max(values),
    }


def by_task(runs: Sequence[Sequence[float]]) -> Row:
    """Accuracy over the seeds by task, and the number of seeds that learned it."""
    row: Row = {}
    for task, shares in zip(TASKS, zip(*runs, strict=True), strict=False):
        row |= mean_and_range(task, shares)
        row[f"{task}, seeds that learned it"] = sum(
            s >= LEARNING_THRESHOLD for s in shares
        )
    return row


def smaller() -> OneModelManyTasksConfig:
    """The same experiment, small enough for a test."""
    return OneModelManyTasksConfig(
        seeds=2, steps=40, test=40, texts=500, width=32, rates=(3e-3,)
    )
