"""Fresh text against the same text read repeatedly, for the same number of steps.

One network predicts the next token, another masked tokens: the same network under
another attention rule.  The text is a synthetic language without limit.
"""

from dataclasses import dataclass
from itertools import product
from math import log

import torch
from torch import Tensor

from paradigms.data.special_tokens import SPECIALS
from paradigms.evaluation.statistics import band, intervals, paired_differences
from paradigms.experiments.outcome import Outcome, Row
from paradigms.experiments.pictures import Bands, Picture
from paradigms.experiments.runner.resume import Each, results_by_item, serial_map
from paradigms.masks import bidirectional
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.training.loop import TrainingConfig, train
from paradigms.training.pretraining import Objective, masked_batch, next_token_batch

QUESTION = "What does it cost to read a text many times, where there could be more?"
FIRST = SPECIALS.first_word
ODDS = (0.5, 0.3, 0.15, 0.05)  # of the words that may follow a word


@dataclass(frozen=True)
class RepeatedTextConfig:
    """The language, a network, and how often its texts are read.

    Every network trains for the same number of steps, however few the texts; masked
    tokens need that many with fresh text.
    """

    seeds: int = 4
    layers: int = 2
    words: int = 32
    length: int = 16
    width: int = 48
    repeats: tuple[int, ...] = (1, 4, 16, 64)
    steps: int = 768
    batch: int = 32
    test: int = 1000
    mask_rate: float = 0.3
    rate: float = 3e-3


CONFIG = RepeatedTextConfig()
COLUMNS = ("held-out loss", "training loss")
NAMES = ("next token", "masked token")
Scores = dict[str, float]


def objective(config: RepeatedTextConfig, name: str) -> Objective:
    """Next tokens, or masked tokens, which are sampled at each reading."""
    if name == "next token":
        return Objective(next_token_batch)
    vocabulary = FIRST + config.words
    mask = masked_batch(vocabulary, config.mask_rate, fates=(1.0, 0.0, 0.0))
    return Objective(mask, lambda _: bidirectional)


def run(config: RepeatedTextConfig, each: Each = serial_map) -> Outcome:
    """A row per objective and number of repeats, and one for the language."""
    cells = product(NAMES, config.repeats, range(config.seeds))
    results = results_by_item(each, cells, lambda cell: train_and_score(config, *cell))
    floor = entropy(config.words, config.length)
    rows: list[Row] = [{"name": "language", "nats a word": floor}]
    figures: dict[str, Picture] = {}
    for name in NAMES:
        runs = {
            repeats: [results[name, repeats, seed] for seed in range(config.seeds)]
            for repeats in config.repeats
        }
        rows += rows_by_repeats(name, runs)
        curves = {
            column: band({n: [s[column] for s in runs[n]] for n in runs})
            for column in COLUMNS
        }
        figures[f"{rows[-1]['name']}/losses"] = Bands(bands=curves)
    return Outcome(rows, figures)


def rows_by_repeats(name: str, runs: dict[int, list[Scores]]) -> list[Row]:
    """A row per number of repeats, with its loss against that of fresh text."""
    fresh = next(iter(runs.values()))
    rows = []
    for repeats, scores in runs.items():
        row: Row = {"name": f"{name}, each text read {repeats} times"}
        row |= intervals(scores)
        row |= {key: int(scores[0][key]) for key in ("texts", "weights")}
        if scores is not fresh:
            differences = paired_differences(scores, fresh)
            row["against fresh"] = differences["held-out loss"]
        rows.append(row)
    return rows


def successors(words: int, seed: int) -> Tensor:
    """Which words may follow each word, likeliest first: (words, len(ODDS))."""
    rng = torch.Generator().manual_seed(1000 + seed)
    rows = [torch.randperm(words, generator=rng)[: len(ODDS)] for _ in range(words)]
    return torch.stack(rows)


def sample_texts(
    table: Tensor, count: int, length: int, rng: torch.Generator
) -> Tensor:
    """Sampled texts as tokens, (count, length); any word may come first."""
    texts = [torch.randint(len(table), (count,), generator=rng)]
    for _ in range(length - 1):
        odds = torch.tensor(ODDS)
        choice = torch.multinomial(odds, count, replacement=True, generator=rng)
        texts.append(table[texts[-1], choice])
    return torch.stack(texts, dim=1) + FIRST


def entropy(words: int, length: int) -> float:
    """The entropy of the language in nats a word: no next-token loss can be lower."""
    return (log(words) - (length - 1) * sum(p * log(p) for p in ODDS)) / length


def train_and_score(
    config: RepeatedTextConfig, name: str, repeats: int, seed: int
) -> Scores:
    """Train on texts that are each read `repeats` times; loss on held-out texts.

    `learned`: how much lower that loss is than that of a uniform guess.
    """
    rng = torch.Generator().manual_seed(seed)
    table = successors(config.words, seed)
    count = config.steps * config.batch // repeats
    texts = sample_texts(table, count, config.length, rng)
    order = torch.cat([torch.randperm(count, generator=rng) for _ in range(repeats)])
    size = GPTConfig(
        vocabulary=FIRST + config.words,
        positions=config.length,
        width=config.width,
        layers=config.layers,
        heads=4,
    )
    torch.manual_seed(seed)
    network, task = GPT(size), objective(config, name)
    batches = torch.split(texts[order], config.batch)
    history = train(
        network,
        lambda step: task.make_batch(batches[step], rng),
        task.loss,
        TrainingConfig(config.steps, config.rate),
    )
    test_rng = torch.Generator().manual_seed(10_000 + seed)  # the same for all repeats
    test_texts = sample_texts(table, config.test, config.length, test_rng)
    with torch.no_grad():
        total, targets = task.loss(network, task.make_batch(test_texts, test_rng))
    loss = float(total / targets)
    return {
        "held-out loss": loss,
        "learned": log(config.words) - loss,
        "training loss": history[-1][1],
        "texts": count,
        "weights": sum(p.numel() for p in network.parameters()),
    }


def smaller() -> RepeatedTextConfig:
    """The same experiment, small enough for a test."""
    return RepeatedTextConfig(
        seeds=2,
        layers=1,
        words=12,
        length=8,
        width=32,
        repeats=(1, 64),
        steps=128,
        test=200,
        rate=1e-2,
    )
