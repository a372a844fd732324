"""Smooth growth and apparent emergence by size; fresh and repeated text.

Both for a network that predicts the next token and for one that predicts masked tokens:
the same network under another attention rule.  Sizes: digits are to be sorted.  Data: a
synthetic language of unlimited text, read once or repeatedly.
"""

from dataclasses import dataclass
from itertools import product
from math import log
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from paradigms.data.special_tokens import IGNORE, SpecialTokens
from paradigms.evaluation.statistics import t_interval
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.masks import bidirectional, causal
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.objectives import masked_token, next_token
from paradigms.training.loop import TrainingConfig, train

QUESTION = "What grows smoothly with size, what seems sudden; does repeated text serve?"
IDS = SpecialTokens()
RULES = {"next token": causal, "masked token": bidirectional}
DIGITS = 10
ODDS = (0.5, 0.3, 0.15, 0.05)  # of the words that may follow a word


@dataclass(frozen=True)
class ScaleAndEmergenceConfig:
    """Widths of networks, digits to sort; the language, and how often texts are read.

    Every network of a kind trains for the same number of steps: sizes for `steps`,
    repeated data for `reading`, however few the texts.
    """

    widths: tuple[int, ...] = (2, 4, 6, 8, 12)
    seeds: int = 4
    layers: int = 2
    digits: int = 10
    steps: int = 400
    batch: int = 64
    asked: int = 4000
    rate: float = 5e-3
    words: int = 32
    length: int = 16
    width: int = 48
    repeats: tuple[int, ...] = (1, 4, 16, 64)
    reading: int = 768  # steps that masked tokens need with fresh text
    readers: int = 32  # texts in a batch
    held_out: int = 1000
    hidden: float = 0.3
    reading_rate: float = 3e-3


CONFIG = ScaleAndEmergenceConfig()
GAP = "answers right - if independent"
COLUMNS = ("loss", "tokens right", "answers right", "if independent")
Scores = dict[str, float]


def run(
    config: ScaleAndEmergenceConfig, each: Each = serial_map
) -> list[dict[str, Any]]:
    """A row per objective and size, per objective and repeats, and for differences."""
    floor = least(config.words, config.length)
    rows: list[dict[str, Any]] = [{"name": "language", "nats a word": floor}]
    for name in RULES:
        parts = list(product(config.widths, range(config.seeds)))
        sorting_scores = each(
            parts, lambda part, name=name: sorting(config, name, *part)
        )
        parts = list(product(config.repeats, range(config.seeds)))
        reading_scores = each(
            parts, lambda part, name=name: reading(config, name, *part)
        )
        rows += of_sizes(name, grouped(config.widths, sorting_scores))
        rows += of_repeats(config, name, grouped(config.repeats, reading_scores))
    return rows


def grouped(settings: tuple[int, ...], found: list[Scores]) -> dict[int, list[Scores]]:
    """Results by setting; `found` is in the order of `product`."""
    count = len(found) // len(settings)
    return {s: found[n * count : (n + 1) * count] for n, s in enumerate(settings)}


def draw_digits(
    count: int, digits: int, dice: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Random digits as tokens, and the same sorted, both (count, digits)."""
    tokens = torch.randint(DIGITS, (count, digits), generator=dice) + IDS.first_word
    return tokens, tokens.sort(dim=1).values


def inputs_and_targets(
    name: str, given: Tensor, answer: Tensor
) -> tuple[Tensor, Tensor]:
    """Inputs and targets (B, 2 T): digits, then the answer, which alone has a loss.

    For the next token the answer is shifted right by one, after BOS; for masked tokens
    all of it is [MASK].
    """
    answer_inputs = torch.full_like(answer, IDS.mask)
    if name == "next token":
        answer_inputs = torch.cat(
            [torch.full_like(answer[:, :1], IDS.bos), answer[:, :-1]], 1
        )
    inputs = torch.cat([given, answer_inputs], dim=1)
    return inputs, torch.cat([torch.full_like(given, IGNORE), answer], dim=1)


def network(name: str, seed: int, size: GPTConfig) -> nn.Module:
    """A GPT with the attention rule of its objective."""
    torch.manual_seed(seed)
    return Ruled(GPT(size), name)


class Ruled(nn.Module):
    """A network with the attention rule of its objective: (B, T) -> (B, T, V)."""

    def __init__(self, inner: GPT, name: str) -> None:
        super().__init__()
        self.inner, self.rule = inner, RULES[name]

    def forward(self, tokens: Tensor) -> Tensor:
        return self.inner(tokens, self.rule)


def loss(model: nn.Module, batch: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
    """The sum of losses in nats over the targets, and their number."""
    inputs, targets = batch
    total = F.cross_entropy(
        model(inputs).flatten(0, 1),
        targets.flatten(),
        ignore_index=IGNORE,
        reduction="sum",
    )
    return total, (targets != IGNORE).sum()


def sorting(
    config: ScaleAndEmergenceConfig, name: str, width: int, seed: int
) -> Scores:
    """Train one size; its scores on unseen digits."""
    model = network(
        name,
        seed,
        GPTConfig(
            vocabulary=IDS.first_word + DIGITS,
            positions=2 * config.digits,
            width=width,
            layers=config.layers,
            heads=2,
        ),
    )
    rng = torch.Generator().manual_seed(1 + seed)
    train(
        model,
        lambda step: inputs_and_targets(
            name, *draw_digits(config.batch, config.digits, rng)
        ),
        loss,
        TrainingConfig(config.steps, config.rate),
    )
    test_rng = torch.Generator().manual_seed(10_000 + seed)
    inputs, targets = inputs_and_targets(
        name, *draw_digits(config.asked, config.digits, test_rng)
    )
    with torch.no_grad():
        logits = model(inputs)[:, config.digits :]
    return scored(logits, targets[:, config.digits :]) | {
        "weights": sum(p.numel() for p in model.parameters())
    }


def scored(logits: Tensor, answer: Tensor) -> Scores:
    """Loss in nats, token accuracy, and exact-match accuracy.

    For the next token answers are teacher-forced; every token is correct exactly if
    greedy decoding gives the whole answer.
    If independent: the product of the accuracies by position.
    Shapes: logits (B, T, V), answer (B, T).
    """
    correct = logits.argmax(dim=-1) == answer  # (B, T)
    all_correct = float(correct.all(dim=1).double().mean())
    independent = float(correct.double().mean(dim=0).prod())  # accuracy by position
    return {
        "loss": float(F.cross_entropy(logits.flatten(0, 1), answer.flatten())),
        "tokens right": float(correct.double().mean()),
        "answers right": all_correct,
        "if independent": independent,
        GAP: all_correct - independent,
    }


def of_sizes(name: str, found: dict[int, list[Scores]]) -> list[dict[str, Any]]:
    """A row per width; the last also holds the figures."""
    rows, lines, shares = [], {}, {}
    for width, scores in found.items():
        row: dict[str, Any] = {"name": f"{name}, width {width}"}
        row["weights"] = int(scores[0]["weights"])
        row[GAP] = t_interval(tuple(score[GAP] for score in scores))
        for column in COLUMNS:
            row[column] = t_interval(tuple(score[column] for score in scores))
            gain_shares = t_interval(tuple(gains(found, column)[width]))
            row[f"{column}, share of the gain"] = gain_shares
            for values, figure in ((row[column], lines), (gain_shares, shares)):
                point = [row["weights"], *(round(value, 4) for value in values)]
                figure.setdefault(column, []).append(point)
        rows.append(row)
    del lines["loss"], shares["if independent"]
    rows[-1]["pictures"] = {"scores": {"bands": lines}, "gains": {"bands": shares}}
    return rows


def gains(found: dict[int, list[Scores]], column: str) -> dict[int, list[float]]:
    """The share of the gain from the smallest size to the largest, by seed.

    Zero where the largest equals the smallest.
    """
    sizes = list(found)
    ends = zip(found[sizes[0]], found[sizes[-1]], strict=True)
    totals = [(first[column], last[column] - first[column]) for first, last in ends]
    return {
        size: [
            (score[column] - first) / total if total else 0.0
            for score, (first, total) in zip(scores, totals, strict=True)
        ]
        for size, scores in found.items()
    }


def language(words: int, seed: int) -> Tensor:
    """Which words may follow each word, likeliest first: (words, len(ODDS))."""
    rng = torch.Generator().manual_seed(1000 + seed)
    rows = [torch.randperm(words, generator=rng)[: len(ODDS)] for _ in range(words)]
    return torch.stack(rows)


def sample_texts(
    table: Tensor, count: int, length: int, dice: torch.Generator
) -> Tensor:
    """Sampled texts as tokens, (count, length); any word may come first."""
    texts = [torch.randint(len(table), (count,), generator=dice)]
    for _ in range(length - 1):
        odds = torch.tensor(ODDS)
        choice = torch.multinomial(odds, count, replacement=True, generator=dice)
        texts.append(table[texts[-1], choice])
    return torch.stack(texts, dim=1) + IDS.first_word


def least(words: int, length: int) -> float:
    """The entropy of the language in nats a word: no next-token loss can be lower."""
    return (log(words) - (length - 1) * sum(p * log(p) for p in ODDS)) / length


def objective(
    config: ScaleAndEmergenceConfig, name: str, texts: Tensor, dice: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Inputs and targets of texts; masks are sampled in every call."""
    if name == "next token":
        return next_token(texts)
    size = IDS.first_word + config.words
    return masked_token(texts, size, dice, config.hidden, fates=(1.0, 0.0, 0.0))


def reading(
    config: ScaleAndEmergenceConfig, name: str, repeats: int, seed: int
) -> Scores:
    """Train on texts that are each read `repeats` times; loss on held-out texts."""
    rng = torch.Generator().manual_seed(seed)
    table = language(config.words, seed)
    count = config.reading * config.readers // repeats
    texts = sample_texts(table, count, config.length, rng)
    order = torch.cat([torch.randperm(count, generator=rng) for _ in range(repeats)])
    batches = texts[order].split(config.readers)
    model = network(
        name,
        seed,
        GPTConfig(
            vocabulary=IDS.first_word + config.words,
            positions=config.length,
            width=config.width,
            layers=config.layers,
            heads=4,
        ),
    )
    history = train(
        model,
        lambda step: objective(config, name, batches[step], rng),
        loss,
        TrainingConfig(config.reading, config.reading_rate),
    )
    test_rng = torch.Generator().manual_seed(10_000 + seed)  # the same for all repeats
    test_texts = sample_texts(table, config.held_out, config.length, test_rng)
    with torch.no_grad():
        total, targets = loss(model, objective(config, name, test_texts, test_rng))
    return {
        "held-out loss": float(total / targets),
        "learned": log(config.words) - float(total / targets),  # against uniform
        "training loss": history[-1][1],
        "texts": count,
        "weights": sum(p.numel() for p in model.parameters()),
    }


def of_repeats(
    config: ScaleAndEmergenceConfig, name: str, found: dict[int, list[Scores]]
) -> list[dict[str, Any]]:
    """A row per number of repeats, with its loss against that of fresh text."""
    fresh = [score["held-out loss"] for score in found[config.repeats[0]]]
    rows, curves = [], {"held-out loss": [], "training loss": []}
    for repeats, scores in found.items():
        row: dict[str, Any] = {"name": f"{name}, each text read {repeats} times"}
        row |= {key: int(scores[0][key]) for key in ("texts", "weights")}
        for column in (*curves, "learned"):
            row[column] = t_interval(tuple(score[column] for score in scores))
        for column, points in curves.items():
            points.append([repeats, *(round(v, 4) for v in row[column])])
        if repeats > config.repeats[0]:
            differences = [
                s["held-out loss"] - f for s, f in zip(scores, fresh, strict=True)
            ]
            row["against fresh"] = t_interval(tuple(differences))
        rows.append(row)
    rows[-1]["pictures"] = {"losses": {"bands": curves}}
    return rows


def smaller() -> ScaleAndEmergenceConfig:
    """The same experiment, small enough for a test."""
    return ScaleAndEmergenceConfig(
        widths=(4, 16),
        seeds=2,
        layers=1,
        digits=5,
        steps=100,
        asked=500,
        rate=1e-2,
        words=12,
        length=8,
        width=32,
        repeats=(1, 64),
        reading=128,
        held_out=200,
        reading_rate=1e-2,
    )
