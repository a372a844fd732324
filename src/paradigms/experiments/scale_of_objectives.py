"""Next token against masked diffusion: larger networks, and repeated texts.

Both give nats of a whole text, one exactly and the other as a bound, so they can be
compared with each other and with the source's entropy.  A forward pass costs both the
same: one network under two attention rules, with the same texts and steps.
"""

from dataclasses import dataclass
from itertools import product
from typing import Any

import torch
from torch import Tensor

from paradigms.data.markov_language import MarkovLanguage
from paradigms.evaluation.cost import exponent
from paradigms.evaluation.statistics import t_interval
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.training.loop import TrainingConfig
from paradigms.training.pretraining import Objective, objectives, pretrain

QUESTION = "Which gains more by size, and which loses more by repetition?"
NAMES = ("next token", "masked diffusion")
CHOOSING = 1_000_000  # seed for choosing the rate, none of the others


@dataclass(frozen=True)
class ScaleOfObjectivesConfig:
    """Each seed has another language, other weights and other texts.

    `times`: how often each text is read, at `repeated` width; the steps stay the same.
    `draws` samples of the masks estimate the bound on `texts` texts.
    """

    seeds: int = 4
    words: int = 8
    length: int = 10
    widths: tuple[int, ...] = (8, 16, 32, 64)
    repeated: int = 32
    times: tuple[int, ...] = (5, 50)
    batch: int = 64
    steps: int = 800
    rates: tuple[float, ...] = (1e-3, 3e-3, 1e-2)
    texts: int = 1000
    draws: int = 32


CONFIG = ScaleOfObjectivesConfig()


def run(
    config: ScaleOfObjectivesConfig, each: Each = serial_map
) -> list[dict[str, Any]]:
    """Rows: each network; slopes and costs of repetition, and their differences."""
    kinds = [(width, 1) for width in config.widths]
    kinds += [(config.repeated, times) for times in config.times]
    widths = sorted({width for width, _ in kinds})
    trials = list(product(NAMES, widths, config.rates))
    losses = each(
        trials, lambda trial: above(config, *trial[:2], 1, CHOOSING, trial[2])
    )
    rates = best(trials, losses)
    items = list(product(NAMES, kinds, range(config.seeds)))
    parts = each(
        items,
        lambda item: above(
            config, item[0], *item[1], item[2], rates[item[0], item[1][0]]
        ),
    )
    results = dict(zip(items, parts, strict=True))
    rows, slopes, costs = [], {}, {}
    for name in NAMES:
        by_kind = {k: [results[name, k, s] for s in range(config.seeds)] for k in kinds}
        slopes[name] = [slope(config, by_kind, seed) for seed in range(config.seeds)]
        rows += [
            {
                "name": label(name, *kind),
                "above the source": t_interval(tuple(values)),
                "weights": weights(config, kind[0]),
                "rate": rates[name, kind[0]],
            }
            for kind, values in by_kind.items()
        ]
        costs[name] = {
            times: minus(by_kind[config.repeated, times], by_kind[config.repeated, 1])
            for times in config.times
        }
    rows[0]["pictures"] = {"sizes": {"bands": bands(config, rows)}}
    return rows + comparisons(config, slopes, costs)


def best(
    trials: list[tuple[str, int, float]], tried: list[float]
) -> dict[tuple[str, int], float]:
    """The rate with the lowest loss, for each objective and width."""
    lowest: dict[tuple[str, int], tuple[float, float]] = {}
    for (name, width, rate), loss in zip(trials, tried, strict=True):
        lowest[name, width] = min(lowest.get((name, width), (loss, rate)), (loss, rate))
    return {key: rate for key, (_, rate) in lowest.items()}


def comparisons(
    config: ScaleOfObjectivesConfig,
    slopes: dict[str, list[float]],
    harms: dict[str, dict[int, list[float]]],
) -> list[dict[str, Any]]:
    """Slopes and costs of repetition for each objective, and their differences."""
    first, second = NAMES
    rows = [
        {"name": name, "slope": t_interval(tuple(slopes[name]))}
        | {f"cost of {t}": t_interval(tuple(harms[name][t])) for t in config.times}
        for name in NAMES
    ]

    slope_gap = t_interval(tuple(minus(slopes[second], slopes[first])))
    gaps = {
        f"cost of {t}": t_interval(tuple(minus(harms[second][t], harms[first][t])))
        for t in config.times
    }
    row = {"name": f"{second} - {first}", "slope": slope_gap}
    return [*rows, row | gaps]


def minus(a: list[float], b: list[float]) -> list[float]:
    """Differences, paired by seed."""
    return [x - y for x, y in zip(a, b, strict=True)]


def slope(
    config: ScaleOfObjectivesConfig, by: dict[Any, list[float]], seed: int
) -> float:
    """The exponent of the distance in the number of weights."""
    sizes = [weights(config, width) for width in config.widths]
    return exponent(sizes, [by[width, 1][seed] for width in config.widths])


def label(name: str, width: int, times: int) -> str:
    """A row's name."""
    return f"{name}, width {width}" + (f", read {times} times" if times > 1 else "")


def bands(
    config: ScaleOfObjectivesConfig, rows: list[dict[str, Any]]
) -> dict[str, list[list[float]]]:
    """For a figure: weights, and the distance with its interval."""
    by_name = {row["name"]: row for row in rows}
    return {
        name: [
            [by_name[label(name, w, 1)]["weights"]]
            + [round(v, 4) for v in by_name[label(name, w, 1)]["above the source"]]
            for w in config.widths
        ]
        for name in NAMES
    }


def size(config: ScaleOfObjectivesConfig, width: int) -> GPTConfig:
    """The network of a width: two layers, heads of width 8."""
    vocabulary = MarkovLanguage(config.words).vocabulary
    return GPTConfig(vocabulary, config.length, width, 2, width // 8)


def weights(config: ScaleOfObjectivesConfig, width: int) -> int:
    """Parameters of a network."""
    return sum(p.numel() for p in GPT(size(config, width)).parameters())


def above(
    config: ScaleOfObjectivesConfig,
    name: str,
    width: int,
    times: int,
    seed: int,
    rate: float,
) -> float:
    """Nats per word on held-out texts, above the source's entropy."""
    language = MarkovLanguage(config.words, seed)
    rng = torch.Generator().manual_seed(seed)
    count = config.steps * config.batch
    pool = language.sample(count // times, config.length, rng).repeat(times, 1)
    test = language.sample(config.texts, config.length, rng)
    torch.manual_seed(seed)
    network = GPT(size(config, width))
    objective = objectives(language.vocabulary)[name]

    def texts(step: int) -> Tensor:
        return pool[step * config.batch : (step + 1) * config.batch]

    pretrain(
        network, objective, texts, TrainingConfig(config.steps, rate, warmup=50), seed
    )
    return nats(config, network, objective, test) + float(language.log_p(test).mean())


@torch.no_grad()
def nats(
    config: ScaleOfObjectivesConfig, network: GPT, objective: Objective, test: Tensor
) -> float:
    """Nats per word: exact for the next token, for masked diffusion a bound."""
    rng = torch.Generator().manual_seed(0)
    draws = config.draws if objective.weighted else 1
    parts = [objective.loss(network, objective.show(test, rng)) for _ in range(draws)]
    return float(sum(total for total, _ in parts) / sum(count for _, count in parts))


def smaller() -> ScaleOfObjectivesConfig:
    """The same experiment, small enough for a test."""
    return ScaleOfObjectivesConfig(
        seeds=2,
        words=4,
        length=6,
        widths=(8, 16),
        repeated=16,
        times=(20,),
        steps=150,
        rates=(1e-2,),
        texts=300,
        draws=8,
    )
