"""Smooth growth and apparent emergence by size, where ten digits are to be sorted.

One network predicts the next token, another all masked tokens: the same network under
another attention rule.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor
from torch.nn import functional as F

from paradigms.data.special_tokens import IGNORE, SPECIALS
from paradigms.evaluation.statistics import band, intervals
from paradigms.experiments.outcome import Outcome, Row
from paradigms.experiments.pictures import Bands, Picture
from paradigms.experiments.runner.resume import Each, results_by_item, serial_map
from paradigms.masks import bidirectional
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.objectives import next_token
from paradigms.training.loop import Batch, TrainingConfig
from paradigms.training.pretraining import MakeBatch, Objective, pretrain

QUESTION = "What grows smoothly with the size of a network, and what seems sudden?"
DIGITS = 10


@dataclass(frozen=True)
class ScaleAndEmergenceConfig:
    """Widths of networks, which all train for `steps`; `digits` are to be sorted."""

    widths: tuple[int, ...] = (2, 4, 6, 8, 12)
    seeds: int = 4
    layers: int = 2
    digits: int = 10
    steps: int = 400
    batch: int = 64
    test: int = 4000
    rate: float = 5e-3


CONFIG = ScaleAndEmergenceConfig()
GAP = "answer accuracy - if independent"
COLUMNS = ("loss", "token accuracy", "answer accuracy", "if independent")
Scores = dict[str, float]


def mask_all(answer: Tensor) -> Tensor:
    """[MASK] for each token of the answer (B, T)."""
    return torch.full_like(answer, SPECIALS.mask)


def sort_batch(answer_inputs: Callable[[Tensor], Tensor]) -> MakeBatch:
    """Digits (B, T), then the answer, the only target, shown as `answer_inputs`."""

    def make_batch(digits: Tensor, _: torch.Generator) -> Batch:
        answer = digits.sort(dim=1).values
        inputs = torch.cat([digits, answer_inputs(answer)], dim=1)
        targets = torch.cat([torch.full_like(digits, IGNORE), answer], dim=1)
        return Batch(inputs, targets)  # (B, 2 T)

    return make_batch


OBJECTIVES = {
    "next token": Objective(sort_batch(lambda answer: next_token(answer)[0])),
    "masked token": Objective(sort_batch(mask_all), lambda _: bidirectional),
}


def run(config: ScaleAndEmergenceConfig, each: Each = serial_map) -> Outcome:
    """A row per objective and width; the figures belong to the largest width."""
    cells = product(OBJECTIVES, config.widths, range(config.seeds))
    results = results_by_item(each, cells, lambda cell: train_and_score(config, *cell))
    rows: list[Row] = []
    figures: dict[str, Picture] = {}
    for name in OBJECTIVES:
        runs = {
            width: [results[name, width, seed] for seed in range(config.seeds)]
            for width in config.widths
        }
        shares = gains(runs)
        weights = {
            width: int(scores[0]["parameters"]) for width, scores in runs.items()
        }
        rows += [
            {"name": f"{name}, width {width}"}
            | intervals(runs[width], COLUMNS[1:])
            | {"parameters": weights[width]}
            | {
                f"{column}, share of the gain": interval
                for column, interval in intervals(shares[width]).items()
            }
            for width in config.widths
        ]
        last = f"{name}, width {config.widths[-1]}"
        figures[f"{last}/scores"] = by_weights(runs, weights, COLUMNS[1:], shares=True)
        figures[f"{last}/gains"] = by_weights(shares, weights, COLUMNS[:-1])
    return Outcome(rows, figures)


def by_weights(
    runs: dict[int, list[Scores]],
    weights: dict[int, int],
    columns: tuple[str, ...],
    shares: bool = False,
) -> Bands:
    """Each column against the number of weights."""
    return Bands(
        bands={
            column: band(
                {
                    weights[width]: [score[column] for score in scores]
                    for width, scores in runs.items()
                },
                shares,
            )
            for column in columns
        }
    )


def gains(runs: dict[int, list[Scores]]) -> dict[int, list[Scores]]:
    """Each score's share of its gain from the smallest width to the largest, by seed.

    Zero where the largest equals the smallest.
    """
    smallest, *_, largest = runs.values()

    def share(value: float, first: float, last: float) -> float:
        return (value - first) / (last - first) if last != first else 0.0

    return {
        width: [
            {
                column: share(score[column], first[column], last[column])
                for column in COLUMNS
            }
            for score, first, last in zip(scores, smallest, largest, strict=True)
        ]
        for width, scores in runs.items()
    }


def draw_digits(count: int, digits: int, rng: torch.Generator) -> Tensor:
    """Random digits as tokens: (count, digits)."""
    return torch.randint(DIGITS, (count, digits), generator=rng) + SPECIALS.first_word


def train_and_score(
    config: ScaleAndEmergenceConfig, name: str, width: int, seed: int
) -> Scores:
    """Train one size; its scores on unseen digits, and its number of weights."""
    size = GPTConfig(
        vocabulary=SPECIALS.first_word + DIGITS,
        positions=2 * config.digits,
        width=width,
        layers=config.layers,
        heads=2,
    )
    objective = OBJECTIVES[name]
    torch.manual_seed(seed)
    network = GPT(size)
    rng = torch.Generator().manual_seed(1 + seed)
    pretrain(
        network,
        objective,
        lambda _: draw_digits(config.batch, config.digits, rng),
        TrainingConfig(config.steps, config.rate),
        seed,
    )
    test_rng = torch.Generator().manual_seed(10_000 + seed)
    test = draw_digits(config.test, config.digits, test_rng)
    batch = objective.make_batch(test, test_rng)
    with torch.no_grad():
        logits = network(batch.inputs, objective.rule(batch))[:, config.digits :]
    return scores(logits, batch.targets[:, config.digits :]) | {
        "parameters": sum(p.numel() for p in network.parameters())
    }


def scores(logits: Tensor, answer: Tensor) -> Scores:
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
        "token accuracy": float(correct.double().mean()),
        "answer accuracy": all_correct,
        "if independent": independent,
        GAP: all_correct - independent,
    }


def smaller() -> ScaleAndEmergenceConfig:
    """The same experiment, small enough for a test."""
    return ScaleAndEmergenceConfig(
        widths=(4, 16),
        seeds=2,
        layers=1,
        digits=5,
        steps=100,
        test=500,
        rate=1e-2,
    )
