"""Four tasks on the same synthetic texts: by a task word, by heads, by naive Bayes.

One GPT is trained on whole lines, P(task word, text, answer), another only on their
answers; two encoders are trained on answers, with a task word or a head per task.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from paradigms.data.bag_of_words import Bags
from paradigms.data.special_tokens import IGNORE
from paradigms.data.synthetic_reviews import (
    ANSWER,
    LABELS,
    LENGTH,
    SPECIALS,
    TASKS,
    UNTRAINED,
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
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.generation.decoding import greedy
from paradigms.layers import Linear, initialise
from paradigms.models.encoder import Encoder, EncoderConfig
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.models.naive_bayes import MultinomialNaiveBayes
from paradigms.objectives import cross_entropy, next_token
from paradigms.training.loop import Batch, TrainingConfig, train

QUESTION = "Is doing many tasks by a prompt a property of generative models?"
NETWORKS = ("GPT, whole lines", "GPT, answers", "encoder, task word", "encoder, heads")
CLASSES = {"sentiment": (0, 2), "topic": (2, 4)}  # offset in LABELS, how many
TAKEN = "one task in nine of ten"
LEARNT = 0.95  # accuracy from which a task counts as learned
BAYES = ("naive Bayes, a model a task", "naive Bayes, task word")


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


class Heads(nn.Module):
    """One encoder; a classification head for two tasks, a word head for the others.

    Shapes: tokens (B, 1 + L) -> logits (B, T, L, V), the answer's L words task by task.
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.encoder = Encoder(config)
        self.heads = nn.ModuleList(
            Linear(config.width, config.vocabulary) for _ in TASKS
        )
        initialise(self)

    def forward(self, tokens: Tensor) -> Tensor:
        states = self.encoder(tokens)  # (B, 1 + L, W)
        first = states[:, :1].expand(-1, states.shape[1] - 1, -1)  # (B, L, W)
        inputs = [first if task in CLASSES else states[:, 1:] for task in TASKS]
        scores = [head(x) for head, x in zip(self.heads, inputs, strict=True)]
        return torch.stack(scores, dim=1)  # (B, T, L, V)


class Told(nn.Module):
    """One encoder with one word head; the first token names the task.

    Shapes: tokens (B, 1 + L) -> logits (B, L, V), the answer's words.
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.encoder = Encoder(config)
        self.head = Linear(config.width, config.vocabulary)
        initialise(self)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.head(self.encoder(tokens)[:, 1:])


def network(config: OneModelManyTasksConfig, name: str) -> nn.Module:
    """One of NETWORKS, untrained."""
    shape = {"vocabulary": VOCABULARY, "width": config.width, "layers": config.layers}
    shape["heads"] = config.heads
    if name.startswith("GPT"):
        return GPT(GPTConfig(**shape, positions=2 * LENGTH + 4))
    encoder = EncoderConfig(**shape, hidden=4 * config.width, positions=LENGTH + 1)
    return Heads(encoder) if name.endswith("heads") else Told(encoder)


def loss(name: str, model: Callable[..., Tensor], batch: Batch) -> Any:
    """The sum of the losses and their number: of whole lines, else of answers."""
    word, text, answer, tasks = batch
    if name.startswith("GPT"):
        separator = torch.full_like(word, ANSWER)
        inputs, targets = next_token(torch.cat([word, text, separator, answer], dim=1))
        if name.endswith("answers"):
            targets[:, : LENGTH + 2] = IGNORE
        logits = model(inputs)
    else:
        logits = scores(name, model, word, text, tasks)
        targets = answer[:, :LENGTH].masked_fill(answer[:, :LENGTH] <= 2, IGNORE)
    count = (targets != IGNORE).sum()
    return cross_entropy(logits, targets) * count, count


def scores(
    name: str, model: Callable[..., Tensor], word: Tensor, text: Tensor, tasks: Tensor
) -> Tensor:
    """An encoder's logits for the words of the answers: (N, 6, V)."""
    if name.endswith("heads"):
        logits = model(F.pad(text, (1, 0), value=SPECIALS.bos))  # (N, T, 6, V)
        return logits[torch.arange(len(tasks)), tasks]
    return model(torch.cat([word, text], dim=1))


@torch.no_grad()
def answered(name: str, model: Any, batch: Batch) -> Tensor:
    """A network's answers, in the format of `answers`: (N, 7).

    GPT generates until EOS.  An encoder predicts six words; if the first is a label the
    others are ignored.
    """
    word, text, _, tasks = batch
    if name.startswith("GPT"):
        start, separator = (torch.full_like(word, id) for id in (SPECIALS.bos, ANSWER))
        prompt = torch.cat([start, word, text, separator], dim=1)
        generated = greedy(model, prompt, LENGTH + 1, eos=SPECIALS.eos)
        generated = generated[:, prompt.shape[1] :]
        return F.pad(
            generated, (0, LENGTH + 1 - generated.shape[1]), value=SPECIALS.pad
        )
    words = scores(name, model, word, text, tasks).argmax(dim=-1)  # (N, 6)
    whole = F.pad(words, (0, 1), value=SPECIALS.eos)
    short = torch.full_like(whole, SPECIALS.pad)
    short[:, 0], short[:, 1] = words[:, 0], SPECIALS.eos
    return torch.where(is_label(short)[:, None], short, whole)


def trained(
    config: OneModelManyTasksConfig, name: str, rate: float, seed: int
) -> dict[str, Any]:
    """Train a network on all tasks; accuracy by task."""
    rng = torch.Generator().manual_seed(seed)
    test = draw(config.test, rng)
    torch.manual_seed(seed)
    model = network(config, name)

    def batch(step: int) -> Batch:
        tasks = torch.randint(len(TASKS), (config.batch,), generator=rng)
        return lines(draw(config.batch, rng), tasks)

    recipe = TrainingConfig(config.steps, rate=rate, warmup=config.steps // 10)
    train(model, batch, partial(loss, name), recipe)
    results: dict[str, Any] = {
        "parameters": sum(p.numel() for p in model.parameters()),
        "right": [right(name, model, test, task) for task in range(len(TASKS))],
    }
    return results if name.endswith("heads") else results | untrained(name, model, test)


def right(name: str, model: Any, texts: Texts, task: int) -> float:
    """Exact-match accuracy."""
    batch = lines(texts, torch.full((len(texts.words),), task))
    return float((answered(name, model, batch) == batch[2]).all(dim=1).double().mean())


def untrained(name: str, model: Any, texts: Texts) -> dict[str, Any]:
    """For task words never trained on: the share of outputs that answer each task.

    `none of the four`: correct for no task.  `no answer to any task`: neither a label
    nor the text in the order of a task.
    """
    tasks = torch.zeros(len(texts.words)).long()
    expected = torch.stack([answers(texts, tasks + t) for t in range(len(TASKS))])
    share_rows, no_match, no_answer = [], [], []
    for extra in range(UNTRAINED):
        word = task_word(len(TASKS) + extra + tasks)[:, None]
        # (N, 7)
        outputs = answered(name, model, (word, texts.words, expected[0], tasks))
        right = (outputs == expected).all(dim=2)  # (T, N)
        share_rows.append(right.double().mean(dim=1).tolist())
        no_match.append(1 - float(right.any(dim=0).double().mean()))
        valid = is_label(outputs) | right[len(CLASSES) :].any(dim=0)
        no_answer.append(1 - float(valid.double().mean()))
    shares = torch.tensor(share_rows, dtype=torch.float64)  # (words, T)
    return {
        "instead": shares.mean(dim=0).tolist(),
        "none of the four": sum(no_match) / UNTRAINED,
        "no answer to any task": sum(no_answer) / UNTRAINED,
        TAKEN: float((shares.amax(dim=1) > 0.9).double().mean()),
    }


def counted(config: OneModelManyTasksConfig, seed: int) -> dict[str, list[float]]:
    """Naive Bayes on word counts: a model per task, or one with task words.

    The latter counts the task's word with the text; its classes are all six labels.
    """
    rng = torch.Generator().manual_seed(seed)
    test, training = draw(config.test, rng), draw(config.texts, rng)
    separate, with_task_word, documents, truth = [], [], [], []
    for task, (name, (shift, classes)) in enumerate(CLASSES.items()):
        labels, test_labels = getattr(training, name), getattr(test, name)
        model = MultinomialNaiveBayes(classes).fit(bags(training), labels)
        separate.append(hits(model, bags(test), test_labels))
        documents += with_word(training, task)
        truth.append(labels + shift)
    joint = MultinomialNaiveBayes(len(LABELS))
    joint.fit(Bags(documents, VOCABULARY), torch.cat(truth))
    for task, (name, (shift, _)) in enumerate(CLASSES.items()):
        rows = Bags(with_word(test, task), VOCABULARY)
        with_task_word.append(hits(joint, rows, getattr(test, name) + shift))
    return dict(zip(BAYES, (separate, with_task_word), strict=True))


def hits(model: MultinomialNaiveBayes, x: Bags, labels: Tensor) -> float:
    """Accuracy."""
    return float((model.predict_proba(x).argmax(dim=1) == labels).double().mean())


def run(
    config: OneModelManyTasksConfig, each: Each = serial_map
) -> list[dict[str, Any]]:
    """A row per model with its accuracy in each task; one for untrained task words."""
    trials = list(product(NETWORKS, config.rates))
    trial_shares = each(
        trials, lambda cell: trained(config, *cell, config.trial)["right"]
    )
    scores: dict[str, dict[float, float]] = {name: {} for name in NETWORKS}
    for (name, rate), right in zip(trials, trial_shares, strict=True):
        scores[name][rate] = sum(right) / len(TASKS)
    rates = {
        name: max(outcomes, key=outcomes.__getitem__)
        for name, outcomes in scores.items()
    }
    cells = list(product(NETWORKS, range(config.seeds)))
    results = each(
        cells, lambda cell: trained(config, cell[0], rates[cell[0]], cell[1])
    )
    rows: list[dict[str, Any]] = []
    for name in NETWORKS:
        runs = [r for (n, _), r in zip(cells, results, strict=True) if n == name]
        row = {"name": name, "parameters": runs[0]["parameters"], "rate": rates[name]}
        row |= {
            f"right on trial, rate {r:g}": share for r, share in scores[name].items()
        }
        rows.append(row | by_task([r["right"] for r in runs]))
        if "instead" in runs[0]:
            row = {"name": f"{name}, untrained task word"}
            task_shares = zip(
                TASKS, zip(*(r["instead"] for r in runs), strict=True), strict=True
            )
            row |= {task: sum(shares) / len(shares) for task, shares in task_shares}
            for column in ("none of the four", "no answer to any task", TAKEN):
                row |= over_seeds(column, [r[column] for r in runs])
            rows.append(row)
    outcomes = each(range(config.seeds), lambda seed: counted(config, seed))
    rows += [{"name": name} | by_task([f[name] for f in outcomes]) for name in BAYES]
    return rows


def over_seeds(column: str, values: Sequence[float]) -> dict[str, float]:
    """Mean and range: a t interval does not suit all-or-nothing accuracies."""
    ends = {"lowest": min(values), "highest": max(values)}
    mean = {column: sum(values) / len(values)}
    return mean | {f"{column}, {end} seed": value for end, value in ends.items()}


def by_task(runs: list[list[float]]) -> dict[str, Any]:
    """Accuracy over the seeds by task, and the number of seeds that learned it."""
    row: dict[str, Any] = {}
    for task, shares in zip(TASKS, zip(*runs, strict=True), strict=False):
        row |= over_seeds(task, shares)
        row[f"{task}, seeds that learned it"] = sum(s >= LEARNT for s in shares)
    return row


def smaller() -> OneModelManyTasksConfig:
    """The same experiment, small enough for a test."""
    return OneModelManyTasksConfig(
        seeds=2, steps=40, test=40, texts=500, width=32, rates=(3e-3,)
    )
