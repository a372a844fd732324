"""Six pretraining objectives for one network, with equal operations for each.

The network is then probed with three kinds of labels: on a word and the next one (the
right context is needed), on a word and the previous one (it is not), and the sentiment
of real reviews.  The first two tasks are mirror images.
"""

from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import torch
from torch import Tensor, nn

from paradigms.data.markov_language import FIRST, MarkovLanguage
from paradigms.data.review_endings import review_endings
from paradigms.data.special_tokens import IGNORE
from paradigms.evaluation.cost import operations
from paradigms.evaluation.statistics import intervals, paired_differences
from paradigms.experiments.outcome import Outcome, Row
from paradigms.experiments.runner.resume import Each, results_by_item, serial_map
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.training.electra import (
    GeneratorAndDiscriminator,
    ReplacedTokenDetection,
    replaced_token_detection,
)
from paradigms.training.finetuning import (
    ProbingTask,
    inner_words,
    last_word,
    mean_of_words,
    probe_and_finetune,
)
from paradigms.training.linear_probe import Labelled
from paradigms.training.loop import TrainingConfig
from paradigms.training.pretraining import (
    Objective,
    in_order,
    objectives,
    pretrain,
    single_span_objective,
)

QUESTION = "What does one network learn from each of six objectives at equal compute?"
FRESH, REPEATED, REVIEWS = "fresh texts", "repeated texts", "reviews"
NEXT_TOKEN, ELECTRA = "next token", "ELECTRA"
BIDIRECTIONAL = "no training, bidirectional"
CAUSAL = "no training, causal"
# The untrained networks, each under the mask that this objective has when probed.
UNTRAINED = {BIDIRECTIONAL: "masked", CAUSAL: NEXT_TOKEN}
TRAINED = (NEXT_TOKEN, "prefix", "masked", "span", "masked diffusion", ELECTRA)
NAMES = (*TRAINED, *UNTRAINED)
# Pairs: the first minus the second.  Each objective also minus its own mask untrained.
PAIRS = (
    *((name, NEXT_TOKEN) for name in (*TRAINED[1:], BIDIRECTIONAL)),
    (NEXT_TOKEN, CAUSAL),
    *((name, BIDIRECTIONAL) for name in TRAINED[1:]),
    (BIDIRECTIONAL, CAUSAL),
)


@dataclass(frozen=True)
class ObjectiveRaceConfig:
    """Each seed has another language or split, other weights and other texts.

    `steps` are those of the next token; other objectives get as many as cost the same.
    `labelled` texts train the tag probes, `reviews` the sentiment probe.
    """

    seeds: int = 8
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


class RaceData(NamedTuple):
    """Training texts (N, T) in their order; held-out texts; and the probing tasks."""

    pool: Tensor
    held_out: Tensor
    vocabulary: int
    tasks: dict[str, ProbingTask]


def run(config: ObjectiveRaceConfig, each: Each = serial_map) -> Outcome:
    """A row per source and objective, and the differences of `PAIRS`."""
    items = product((FRESH, REPEATED, REVIEWS), NAMES, range(config.seeds))
    results = results_by_item(each, items, lambda item: scores(config, *item))
    rows: list[Row] = []
    for source in (FRESH, REPEATED, REVIEWS):
        accuracies = {}
        for name in NAMES:
            runs = [results[source, name, seed] for seed in range(config.seeds)]
            accuracies[name] = [run["accuracies"] for run in runs]
            rows.append(
                {"name": f"{source}, {name}"}
                | intervals([run["costs"] for run in runs])
                | intervals(accuracies[name], shares=accuracies[name][0])
            )
        rows += [
            {"name": f"{source}, {one} - {other}"}
            | paired_differences(accuracies[one], accuracies[other])
            for one, other in PAIRS
        ]
    limits = each(range(config.seeds), lambda seed: left_context_limit(config, seed))
    rows.append(
        {"name": "the language, left side alone"} | intervals(limits, limits[0])
    )
    return Outcome(rows)


def race_data(config: ObjectiveRaceConfig, name: str, seed: int) -> RaceData:
    """The texts and tasks of a seed, the same for every objective."""
    rng = torch.Generator().manual_seed(seed)
    count = config.steps * rows_of(config, name)
    if name == REVIEWS:
        rows, labels = review_endings(config.vocabulary, config.tokens, seed)
        indices = torch.randint(len(rows["train"]), (count,), generator=rng)
        labelled = torch.randperm(len(rows["train"]), generator=rng)[: config.reviews]
        tasks = {
            "sentiment": ProbingTask(
                Labelled(rows["train"][labelled], labels["train"][labelled]),
                Labelled(rows["validation"], labels["validation"]),
                Labelled(rows["test"], labels["test"]),
                (mean_of_words, last_word),
            )
        }
        pool, held_out = rows["train"][indices], rows["test"]
        return RaceData(pool, held_out, config.vocabulary, tasks)
    language = MarkovLanguage(config.words, seed)
    pool = language.sample(count, config.length, rng)
    if name == REPEATED:
        pool = pool[: count // config.times].repeat(config.times, 1)
    sizes = (config.labelled, config.labelled, config.texts)
    train, validation, test = (
        language.sample(size, config.length, rng) for size in sizes
    )
    half = halves(config, seed)
    tasks = {
        side: ProbingTask(
            Labelled(train, tags(train, half, step)),
            Labelled(validation, tags(validation, half, step)),
            Labelled(test, tags(test, half, step)),
            (inner_words,),
        )
        for side, step in (("right", 1), ("left", -1))
    }
    return RaceData(pool, test, language.vocabulary, tasks)


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


def left_context_limit(config: ObjectiveRaceConfig, seed: int) -> dict[str, float]:
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
) -> dict[str, dict[str, float]]:
    """A pretrained network's costs and loss, and its accuracies in each task."""
    data = race_data(config, source_name, seed)
    objective, network, costs = pretrain_network(config, data, name, seed)
    tuning = TrainingConfig(config.tuning, config.tuning_rate, warmup=15)
    accuracies = {
        f"{task_name}, {kind}": accuracy
        for task_name, task in data.tasks.items()
        for kind, accuracy in probe_and_finetune(
            objective, network, task, tuning
        ).items()
    }
    return {"costs": costs, "accuracies": accuracies}


def pretrain_network(
    config: ObjectiveRaceConfig, data: RaceData, name: str, seed: int
) -> tuple[Objective, GPT, dict[str, float]]:
    """The objective, the pretrained network, and its costs and loss."""
    by_name = all_objectives(data)
    length = data.pool.shape[1]
    torch.manual_seed(seed)
    size = GPTConfig(data.vocabulary + 2, length + 2, config.width, 2, 4)
    network = GPT(size)
    if name in UNTRAINED:
        return by_name[UNTRAINED[name]], network, {}
    model: nn.Module = network
    if name == ELECTRA:
        small = GPTConfig(size.vocabulary, size.positions, config.width // 2, 2, 4)
        model = electra = GeneratorAndDiscriminator(GPT(small), network)
        network = electra.discriminator
    objective = by_name[name]
    rows = len(data.pool) // config.steps
    cost = batch_operations(objective, model, data, rows)
    baseline = batch_operations(by_name[NEXT_TOKEN], GPT(size), data, rows)
    steps = round(config.steps * baseline / cost)
    training = TrainingConfig(steps, config.rate, warmup=50)
    # Cheaper objectives reach the end of the pool, and begin again.
    pretrain(model, objective, in_order(data.pool, rows), training, seed)
    targets, loss = targets_and_loss(objective, model, data.held_out, seed)
    costs = {
        "targets per 100 tokens": targets,
        "operations per text": cost / rows,
        "texts seen": float(steps * rows),
        "loss": loss,
    }
    return objective, network, costs


def all_objectives(data: RaceData) -> dict[str, Objective]:
    """The objectives by name; a span is 15% of a text."""
    sentinels = (data.vocabulary, data.vocabulary + 1)
    gap = max(round(0.15 * data.pool.shape[1]), 1)
    return objectives(data.vocabulary) | {
        ELECTRA: replaced_token_detection(data.vocabulary),
        "span": single_span_objective(gap, sentinels),
    }


def targets_and_loss(
    objective: Objective, model: nn.Module, texts: Tensor, seed: int
) -> tuple[float, float]:
    """Targets per 100 tokens of held-out texts, and the mean loss in nats."""
    batch = objective.make_batch(texts, torch.Generator().manual_seed(seed))
    with torch.no_grad():
        total, count = objective.loss(model, batch)
    every_token = isinstance(objective, ReplacedTokenDetection)
    targets = count if every_token else (batch.targets != IGNORE).sum()
    return 100 * float(targets) / texts.numel(), float(total / count)


def batch_operations(
    objective: Objective, model: nn.Module, data: RaceData, rows: int
) -> int:
    """Operations of the forward pass and loss; the backward pass costs twice that."""
    rng = torch.Generator().manual_seed(0)
    batch = objective.make_batch(data.pool[:rows], rng)
    return operations(lambda: objective.loss(model, batch))


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
