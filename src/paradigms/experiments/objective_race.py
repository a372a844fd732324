"""Six pretraining objectives for one network, with equal operations for each.

The network is then probed with three kinds of labels: on a word and the next one (the
right context is needed), on a word and the previous one (it is not), and the sentiment
of real reviews.  The first two tasks are mirror images.
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
    `labelled` texts train the tag probes, `reviews` the sentiment probe.
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
    """Training texts (N, T) in their order; held-out texts; and the probing tasks."""

    pool: Tensor
    held_out: Tensor
    vocabulary: int
    tasks: dict[str, Task]


def run(config: ObjectiveRaceConfig, each: Each = serial_map) -> list[dict[str, Any]]:
    """A row per source and objective, and each objective minus the next token."""
    items = list(product((FRESH, REPEATED, REVIEWS), NAMES, range(config.seeds)))
    parts = each(items, lambda item: scores(config, *item))
    results = dict(zip(items, parts, strict=True))
    rows = []
    for source, name in product((FRESH, REPEATED, REVIEWS), NAMES):
        runs = [results[source, name, seed] for seed in range(config.seeds)]
        baseline = [results[source, AFTER, seed] for seed in range(config.seeds)]
        rows.append({"name": f"{source}, {name}", **columns(runs)})
        if name != AFTER:
            gaps = [less(a, b) for a, b in zip(runs, baseline, strict=True)]
            rows.append({"name": f"{source}, {name} - {AFTER}", **columns(gaps)})
    limits = each(range(config.seeds), lambda seed: left_alone(config, seed))
    rows.append({"name": "the language, left side alone", **columns(limits)})
    return rows


def columns(found: list[dict[str, float]]) -> dict[str, list[float]]:
    """Mean and interval over the seeds of each column."""
    return {key: t_interval(tuple(f[key] for f in found)) for key in found[0]}


def less(a: dict[str, float], b: dict[str, float]) -> dict[str, float]:
    """Differences of the task scores."""
    return {key: a[key] - b[key] for key in a if "," in key}


def source(config: ObjectiveRaceConfig, name: str, seed: int) -> Source:
    """The texts and tasks of a seed, the same for every objective."""
    rng = torch.Generator().manual_seed(seed)
    count = config.steps * rows_of(config, name)
    if name == REVIEWS:
        rows, labels = review_endings(config.vocabulary, config.tokens, seed)
        indices = torch.randint(len(rows["train"]), (count,), generator=rng)
        labelled = torch.randperm(len(rows["train"]), generator=rng)[: config.reviews]
        train = rows["train"][labelled], labels["train"][labelled]
        others = [(rows[part], labels[part]) for part in ("validation", "test")]
        tasks = {"sentiment": Task(train, *others, WHOLE)}
        pool, held_out = rows["train"][indices], rows["test"]
        return Source(pool, held_out, config.vocabulary, tasks)
    language = MarkovLanguage(config.words, seed)
    pool = language.sample(count, config.length, rng)
    if name == REPEATED:
        pool = pool[: count // config.times].repeat(config.times, 1)
    sizes = (config.labelled, config.labelled, config.texts)
    splits = [language.sample(size, config.length, rng) for size in sizes]
    half = halves(config, seed)
    tasks = {
        side: Task(*((texts, tags(texts, half, step)) for texts in splits), EVERY)
        for side, step in (("right", 1), ("left", -1))
    }
    return Source(pool, splits[-1], language.vocabulary, tasks)


def rows_of(config: ObjectiveRaceConfig, name: str) -> int:
    """The batch size."""
    return config.review_batch if name == REVIEWS else config.batch


def halves(config: ObjectiveRaceConfig, seed: int) -> Tensor:
    """A random split of the words in two halves: (V,) of 0 and 1."""
    rng = torch.Generator().manual_seed(1000 + seed)
    return torch.randperm(config.words, generator=rng) % 2


def tags(texts: Tensor, half: Tensor, step: int) -> Tensor:
    """Whether each inner word and the one `step` positions on share a half: (M,)."""
    word_halves = half[texts - FIRST]  # (N, T)
    return (word_halves == word_halves.roll(-step, dims=1))[:, 1:-1].flatten().long()


def left_alone(config: ObjectiveRaceConfig, seed: int) -> dict[str, float]:
    """The best accuracy from the left context alone, with the language known."""
    language, half = MarkovLanguage(config.words, seed), halves(config, seed)
    rng = torch.Generator().manual_seed(seed)
    texts = language.sample(config.texts, config.length, rng)
    accuracies = []
    for position in range(1, config.length - 1):
        next_p = language.after(texts[:, : position + 1])  # (N, V)
        same_half = half[None, :] == half[texts[:, position] - FIRST][:, None]
        p_same = (next_p * same_half).sum(dim=1)
        accuracies.append(torch.maximum(p_same, 1 - p_same))
    return {"right, at best": float(torch.stack(accuracies).mean())}


def scores(
    config: ObjectiveRaceConfig, source_name: str, name: str, seed: int
) -> dict[str, float]:
    """A pretrained network's costs and loss, and its scores in each task."""
    data = source(config, source_name, seed)
    objective, network, results = learnt(config, data, name, seed)
    tuning = TrainingConfig(config.tuning, config.tuning_rate, warmup=15)
    for task_name, task in data.tasks.items():
        results |= {
            f"{task_name}, {kind}": value
            for kind, value in read_out(objective, network, task, tuning).items()
        }
    return results


def learnt(
    config: ObjectiveRaceConfig, given: Source, name: str, seed: int
) -> tuple[Objective, GPT, dict[str, float]]:
    """The objective, the pretrained network, and its costs and loss."""
    length = given.pool.shape[1]
    sentinels = (given.vocabulary, given.vocabulary + 1)
    by_name = objectives(given.vocabulary) | {
        "ELECTRA": replaced(given.vocabulary),
        "span": span(max(round(0.15 * length), 1), sentinels),
    }
    torch.manual_seed(seed)
    shape = GPTConfig(given.vocabulary + 2, length + 2, config.width, 2, 4)
    model = network = GPT(shape)
    if name == UNTRAINED:
        return by_name["masked"], model, {}
    if name == "ELECTRA":
        small = GPTConfig(shape.vocabulary, shape.positions, config.width // 2, 2, 4)
        network = Pair(GPT(small), model)
        model = network.discriminator
    objective = by_name[name]
    rows = len(given.pool) // config.steps
    cost = work(objective, network, given, rows)
    steps = round(config.steps * work(by_name[AFTER], GPT(shape), given, rows) / cost)

    def texts(step: int) -> Tensor:
        # Cheaper objectives reach the end, and begin again.
        start = step * rows % len(given.pool)
        return given.pool[start : start + rows]

    pretrain(
        network, objective, texts, TrainingConfig(steps, config.rate, warmup=50), seed
    )
    rng = torch.Generator().manual_seed(seed)
    batch = objective.show(given.held_out, rng)
    with torch.no_grad():
        total, count = objective.loss(network, batch)
    targets = count if name == "ELECTRA" else (batch[1] != IGNORE).sum()
    return (
        objective,
        model,
        {
            "targets per 100 tokens": 100 * float(targets) / given.held_out.numel(),
            "operations a text": cost / rows,
            "texts read": float(steps * rows),
            "loss": float(total / count),
        },
    )


def work(objective: Objective, network: nn.Module, given: Source, rows: int) -> int:
    """Operations of the forward pass and loss; the backward pass costs twice that."""
    batch = objective.show(given.pool[:rows], torch.Generator().manual_seed(0))
    return operations(lambda: objective.loss(network, batch))


def smaller() -> ObjectiveRaceConfig:
    """The same experiment, small enough for a test."""
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
