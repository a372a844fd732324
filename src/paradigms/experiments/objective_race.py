"""Six objectives for one network, with the same operations spent on each.

What the network then knows is read with labels of three kinds: of a word and the next
one (the right side is needed), of a word and the one before it (it is not), and the
sentiment of real reviews.  The first two ask the same, mirrored.
"""

from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from paradigms.data.markov_language import FIRST, MarkovLanguage
from paradigms.data.review_endings import review_endings
from paradigms.data.special_tokens import IGNORE
from paradigms.evaluation.cost import operations
from paradigms.evaluation.statistics import t_interval
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.training.linear_probe import EVERY, WHOLE, Task, read_out
from paradigms.training.loop import TrainingConfig
from paradigms.training.pretraining import (
    Objective,
    Pair,
    objectives,
    pretrain,
    replaced,
    span,
)

QUESTION = "One network, equal operations, six objectives: what does each learn?"
FRESH, REPEATED, REVIEWS = "fresh texts", "repeated texts", "reviews"
AFTER, UNTRAINED = "next token", "no training"
NAMES = (AFTER, "prefix", "masked", "span", "masked diffusion", "ELECTRA", UNTRAINED)


@dataclass(frozen=True)
class ObjectiveRaceConfig:
    """Each seed has another language or split, other weights and other texts.

    `steps` are those of the next token; other objectives get as many as cost the same.
    `labelled` texts are given for tags, `reviews` for sentiment.
    """

    seeds: int = 3
    words: int = 6
    length: int = 12
    width: int = 48
    batch: int = 64
    review_batch: int = 32
    steps: int = 600
    rate: float = 3e-3
    times: int = 50
    labelled: int = 200
    texts: int = 1000
    vocabulary: int = 1000
    tokens: int = 24
    reviews: int = 1000
    tuning: int = 150
    tuning_rate: float = 1e-3


CONFIG = ObjectiveRaceConfig()


class Source(NamedTuple):
    """Texts to train on (N, T), in the order of reading; others; and the tasks."""

    pool: Tensor
    held_out: Tensor
    vocabulary: int
    tasks: dict[str, Task]


def run(config: ObjectiveRaceConfig, each: Each = serial_map) -> list[dict[str, Any]]:
    """A row for each source and objective, and each objective minus the next token."""
    items = list(product((FRESH, REPEATED, REVIEWS), NAMES, range(config.seeds)))
    parts = each(items, lambda item: scores(config, *item))
    found = dict(zip(items, parts, strict=True))
    rows = []
    for source, name in product((FRESH, REPEATED, REVIEWS), NAMES):
        of = [found[source, name, seed] for seed in range(config.seeds)]
        first = [found[source, AFTER, seed] for seed in range(config.seeds)]
        rows.append({"name": f"{source}, {name}", **columns(of)})
        if name != AFTER:
            gaps = [less(a, b) for a, b in zip(of, first, strict=True)]
            rows.append({"name": f"{source}, {name} - {AFTER}", **columns(gaps)})
    known = each(range(config.seeds), lambda seed: left_alone(config, seed))
    rows.append({"name": "the language, left side alone", **columns(known)})
    return rows


def columns(found: list[dict[str, float]]) -> dict[str, list[float]]:
    """Mean and interval over the seeds of each column."""
    return {key: t_interval(tuple(f[key] for f in found)) for key in found[0]}


def less(a: dict[str, float], b: dict[str, float]) -> dict[str, float]:
    """What can be compared of two: how they do in the tasks."""
    return {key: a[key] - b[key] for key in a if "," in key}


def source(config: ObjectiveRaceConfig, name: str, seed: int) -> Source:
    """The texts and tasks of a seed; every objective is given the same."""
    dice = torch.Generator().manual_seed(seed)
    count = config.steps * rows_of(config, name)
    if name == REVIEWS:
        rows, labels = review_endings(config.vocabulary, config.tokens, seed)
        chosen = torch.randint(len(rows["train"]), (count,), generator=dice)
        given = torch.randperm(len(rows["train"]), generator=dice)[: config.reviews]
        learn = rows["train"][given], labels["train"][given]
        others = [(rows[part], labels[part]) for part in ("validation", "test")]
        tasks = {"sentiment": Task(learn, *others, WHOLE)}
        pool, held_out = rows["train"][chosen], rows["test"]
        return Source(pool, held_out, config.vocabulary, tasks)
    language = MarkovLanguage(config.words, seed)
    pool = language.sample(count, config.length, dice)
    if name == REPEATED:
        pool = pool[: count // config.times].repeat(config.times, 1)
    sizes = (config.labelled, config.labelled, config.texts)
    three = [language.sample(size, config.length, dice) for size in sizes]
    half = halves(config, seed)
    tasks = {
        side: Task(*((texts, tags(texts, half, step)) for texts in three), EVERY)
        for side, step in (("right", 1), ("left", -1))
    }
    return Source(pool, three[-1], language.vocabulary, tasks)


def rows_of(config: ObjectiveRaceConfig, name: str) -> int:
    """Texts of a batch."""
    return config.review_batch if name == REVIEWS else config.batch


def halves(config: ObjectiveRaceConfig, seed: int) -> Tensor:
    """The words in two halves, drawn: (V,) of 0 and 1."""
    dice = torch.Generator().manual_seed(1000 + seed)
    return torch.randperm(config.words, generator=dice) % 2


def tags(texts: Tensor, half: Tensor, step: int) -> Tensor:
    """Of each inner word, whether the word `step` places on is of its half: (M,)."""
    found = half[texts - FIRST]  # (N, T)
    return (found == found.roll(-step, dims=1))[:, 1:-1].flatten().long()


def left_alone(config: ObjectiveRaceConfig, seed: int) -> dict[str, float]:
    """How often whoever knows the language, and sees the left side alone, is right."""
    language, half = MarkovLanguage(config.words, seed), halves(config, seed)
    dice = torch.Generator().manual_seed(seed)
    texts = language.sample(config.texts, config.length, dice)
    sure = []
    for place in range(1, config.length - 1):
        after = language.after(texts[:, : place + 1])  # (N, V)
        same = half[None, :] == half[texts[:, place] - FIRST][:, None]
        alike = (after * same).sum(dim=1)
        sure.append(torch.maximum(alike, 1 - alike))
    return {"right, at best": float(torch.stack(sure).mean())}


def scores(
    config: ObjectiveRaceConfig, source_name: str, name: str, seed: int
) -> dict[str, float]:
    """What a pretrained network costs and says, and how it does in each task."""
    given = source(config, source_name, seed)
    objective, network, found = learnt(config, given, name, seed)
    tuning = TrainingConfig(config.tuning, config.tuning_rate, warmup=15)
    for task_name, task in given.tasks.items():
        found |= {
            f"{task_name}, {kind}": value
            for kind, value in read_out(objective, network, task, tuning).items()
        }
    return found


def learnt(
    config: ObjectiveRaceConfig, given: Source, name: str, seed: int
) -> tuple[Objective, GPT, dict[str, float]]:
    """The objective, the network that is kept, and what the training came to."""
    length = given.pool.shape[1]
    marks = (given.vocabulary, given.vocabulary + 1)
    known = objectives(given.vocabulary) | {
        "ELECTRA": replaced(given.vocabulary),
        "span": span(max(round(0.15 * length), 1), marks),
    }
    torch.manual_seed(seed)
    size = GPTConfig(given.vocabulary + 2, length + 2, config.width, 2, 4)
    kept = network = GPT(size)
    if name == UNTRAINED:
        return known["masked"], kept, {}
    if name == "ELECTRA":
        small = GPTConfig(size.vocabulary, size.positions, config.width // 2, 2, 4)
        network = Pair(GPT(small), kept)
        kept = network.discriminator
    objective = known[name]
    rows = len(given.pool) // config.steps
    cost = work(objective, network, given, rows)
    steps = round(config.steps * work(known[AFTER], GPT(size), given, rows) / cost)

    def texts(step: int) -> Tensor:
        # Who needs fewer operations a text comes to the end, and begins again.
        first = step * rows % len(given.pool)
        return given.pool[first : first + rows]

    pretrain(
        network, objective, texts, TrainingConfig(steps, config.rate, warmup=50), seed
    )
    dice = torch.Generator().manual_seed(seed)
    batch = objective.show(given.held_out, dice)
    with torch.no_grad():
        total, count = objective.loss(network, batch)
    targets = count if name == "ELECTRA" else (batch[1] != IGNORE).sum()
    return (
        objective,
        kept,
        {
            "targets per 100 tokens": 100 * float(targets) / given.held_out.numel(),
            "operations a text": cost / rows,
            "texts read": float(steps * rows),
            "loss": float(total / count),
        },
    )


def work(objective: Objective, network: nn.Module, given: Source, rows: int) -> int:
    """Operations to see a batch and to be asked; learning from it takes twice more."""
    batch = objective.show(given.pool[:rows], torch.Generator().manual_seed(0))
    return operations(lambda: objective.loss(network, batch))


def smaller() -> ObjectiveRaceConfig:
    """The same question at a size that a test can afford."""
    return ObjectiveRaceConfig(
        seeds=2,
        words=4,
        length=8,
        width=32,
        steps=100,
        labelled=100,
        texts=300,
        vocabulary=200,
        tokens=12,
        reviews=200,
        tuning=30,
    )
