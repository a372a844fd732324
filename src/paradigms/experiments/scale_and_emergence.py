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

from paradigms.data.special_tokens import IGNORE, SpecialTokens
from paradigms.evaluation.statistics import band, intervals
from paradigms.experiments.outcome import Outcome, Row
from paradigms.experiments.pictures import Bands, Picture
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.masks import Rule, bidirectional, causal
from paradigms.models.gpt import GPTConfig
from paradigms.training.loop import TrainingConfig, train
from paradigms.training.pretraining import GPTWithRule, summed_cross_entropy

QUESTION = "What grows smoothly with the size of a network, and what seems sudden?"
IDS = SpecialTokens()
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
GAP = "answers right - if independent"
COLUMNS = ("loss", "tokens right", "answers right", "if independent")
Scores = dict[str, float]


def shift_right(answer: Tensor) -> Tensor:
    """The answer (B, T) shifted right by one, after BOS."""
    return torch.cat([torch.full_like(answer[:, :1], IDS.bos), answer[:, :-1]], dim=1)


def mask_all(answer: Tensor) -> Tensor:
    """[MASK] for each token of the answer (B, T)."""
    return torch.full_like(answer, IDS.mask)


@dataclass(frozen=True)
class Objective:
    """The attention rule, and what a network is shown in place of the answer."""

    rule: Rule
    answer_inputs: Callable[[Tensor], Tensor]

    def batch(
        self, config: ScaleAndEmergenceConfig, count: int, rng: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Inputs and targets (count, 2 T): digits, then the answer, the only target."""
        digits, answer = draw_digits(count, config.digits, rng)
        inputs = torch.cat([digits, self.answer_inputs(answer)], dim=1)
        return inputs, torch.cat([torch.full_like(digits, IGNORE), answer], dim=1)


OBJECTIVES = {
    "next token": Objective(causal, shift_right),
    "masked token": Objective(bidirectional, mask_all),
}


def run(config: ScaleAndEmergenceConfig, each: Each = serial_map) -> Outcome:
    """A row per objective and width; the figures belong to the largest width."""
    cells = list(product(OBJECTIVES, config.widths, range(config.seeds)))
    results = dict(
        zip(cells, each(cells, lambda cell: trained_scores(config, *cell)), strict=True)
    )
    rows: list[Row] = []
    figures: dict[str, Picture] = {}
    for name in OBJECTIVES:
        runs = {
            width: [results[name, width, seed] for seed in range(config.seeds)]
            for width in config.widths
        }
        shares = gains(runs)
        weights = {width: int(scores[0]["weights"]) for width, scores in runs.items()}
        rows += [
            {"name": f"{name}, width {width}"}
            | intervals(runs[width])
            | {"weights": weights[width]}
            | {
                f"{column}, share of the gain": interval
                for column, interval in intervals(shares[width]).items()
            }
            for width in config.widths
        ]
        last = f"{name}, width {config.widths[-1]}"
        figures[f"{last}/scores"] = by_weights(runs, weights, COLUMNS[1:])
        figures[f"{last}/gains"] = by_weights(shares, weights, COLUMNS[:-1])
    return Outcome(rows, figures)


def by_weights(
    runs: dict[int, list[Scores]], weights: dict[int, int], columns: tuple[str, ...]
) -> Bands:
    """Each column against the number of weights."""
    return Bands(
        bands={
            column: band(
                {
                    weights[width]: [score[column] for score in scores]
                    for width, scores in runs.items()
                }
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


def draw_digits(count: int, digits: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Random digits as tokens, and the same sorted, both (count, digits)."""
    tokens = torch.randint(DIGITS, (count, digits), generator=rng) + IDS.first_word
    return tokens, tokens.sort(dim=1).values


def trained_scores(
    config: ScaleAndEmergenceConfig, name: str, width: int, seed: int
) -> Scores:
    """Train one size; its scores on unseen digits, and its number of weights."""
    size = GPTConfig(
        vocabulary=IDS.first_word + DIGITS,
        positions=2 * config.digits,
        width=width,
        layers=config.layers,
        heads=2,
    )
    objective = OBJECTIVES[name]
    network = GPTWithRule(size, objective.rule, seed)
    rng = torch.Generator().manual_seed(1 + seed)
    train(
        network,
        lambda _: objective.batch(config, config.batch, rng),
        summed_cross_entropy,
        TrainingConfig(config.steps, config.rate),
    )
    test_rng = torch.Generator().manual_seed(10_000 + seed)
    inputs, targets = objective.batch(config, config.test, test_rng)
    with torch.no_grad():
        logits = network(inputs)[:, config.digits :]
    return scores(logits, targets[:, config.digits :]) | {
        "weights": network.parameter_count()
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
        "tokens right": float(correct.double().mean()),
        "answers right": all_correct,
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
