"""Next token against masked diffusion: larger networks, and repeated texts.

Both give nats of a whole text, one exactly and the other as a bound, so they can be
compared with each other and with the source's entropy.  A forward pass costs both the
same: one network under two attention rules, with the same texts and steps.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import torch
from torch import Tensor

from paradigms.data.markov_language import MarkovLanguage
from paradigms.evaluation.cost import exponent
from paradigms.evaluation.statistics import (
    band,
    intervals,
    paired_differences,
    t_interval,
)
from paradigms.experiments.outcome import Outcome, Row
from paradigms.experiments.pictures import Bands
from paradigms.experiments.runner.resume import Each, results_by_item, serial_map
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.training.loop import TrainingConfig
from paradigms.training.pretraining import Objective, in_order, objectives, pretrain

QUESTION = "Which objective gains more from size, and which loses more from repetition?"
NAMES = ("next token", "masked diffusion")
RATE_SEED = 1_000_000  # on which the rate is chosen, none of the others


@dataclass(frozen=True)
class ScaleOfObjectivesConfig:
    """Each seed has another language, other weights and other texts.

    `epochs` over fewer texts, at `repeated_width`; the number of steps stays the same.
    `draws` samples of the masks estimate the bound on `texts` texts.
    """

    seeds: int = 4
    words: int = 8
    length: int = 10
    widths: tuple[int, ...] = (8, 16, 32, 64)
    repeated_width: int = 32
    epochs: tuple[int, ...] = (5, 50)
    batch: int = 64
    steps: int = 800
    rates: tuple[float, ...] = (1e-3, 3e-3, 1e-2)
    texts: int = 1000
    draws: int = 32


CONFIG = ScaleOfObjectivesConfig()


class Setting(NamedTuple):
    """The width of a network, and how often each text is read."""

    width: int
    epochs: int = 1


def run(config: ScaleOfObjectivesConfig, each: Each = serial_map) -> Outcome:
    """Rows: each network; slopes and costs of repetition, and their differences."""
    settings = [Setting(width) for width in config.widths]
    settings += [Setting(config.repeated_width, epochs) for epochs in config.epochs]
    rates = best_rates(config, sorted({setting.width for setting in settings}), each)
    results = results_by_item(
        each,
        product(NAMES, settings, range(config.seeds)),
        lambda item: excess_nats(config, *item, rates[item[0], item[1].width]),
    )
    rows: list[Row] = []
    curves, summaries = {}, {}
    for name in NAMES:
        by_setting = {
            setting: [results[name, setting, seed] for seed in range(config.seeds)]
            for setting in settings
        }
        rows += [
            {
                "name": row_name(name, setting),
                "excess loss": t_interval(values),
                "parameters": weights(config, setting.width),
                "learning rate": rates[name, setting.width],
            }
            for setting, values in by_setting.items()
        ]
        curves[name] = band(
            {weights(config, w): by_setting[Setting(w)] for w in config.widths}
        )
        summaries[name] = summary(config, by_setting)
    first, second = NAMES
    rows += [{"name": name} | intervals(runs) for name, runs in summaries.items()]
    gaps = paired_differences(summaries[second], summaries[first])
    rows.append({"name": f"{second} - {first}"} | gaps)
    return Outcome(rows, {f"{rows[0]['name']}/sizes": Bands(bands=curves)})


def best_rates(
    config: ScaleOfObjectivesConfig, widths: list[int], each: Each
) -> dict[tuple[str, int], float]:
    """The learning rate with the lowest loss, for each objective and width."""
    by_rate = results_by_item(
        each,
        product(NAMES, widths, config.rates),
        lambda trial: excess_nats(
            config, trial[0], Setting(trial[1]), RATE_SEED, trial[2]
        ),
    )
    return {
        (name, width): min(config.rates, key=lambda rate: by_rate[name, width, rate])
        for name, width in product(NAMES, widths)
    }


def summary(
    config: ScaleOfObjectivesConfig, by_setting: Mapping[Setting, list[float]]
) -> list[dict[str, float]]:
    """For each seed the exponent of the number of weights, and costs of repetition."""
    sizes = [weights(config, width) for width in config.widths]
    once = by_setting[Setting(config.repeated_width)]
    return [
        {
            "slope": exponent(
                sizes, [by_setting[Setting(w)][seed] for w in config.widths]
            )
        }
        | {
            f"cost of {epochs} epochs": by_setting[
                Setting(config.repeated_width, epochs)
            ][seed]
            - once[seed]
            for epochs in config.epochs
        }
        for seed in range(len(once))
    ]


def row_name(name: str, setting: Setting) -> str:
    """The name of the row of an objective at a setting."""
    epochs = f", {setting.epochs} epochs" if setting.epochs > 1 else ""
    return f"{name}, width {setting.width}{epochs}"


def size(config: ScaleOfObjectivesConfig, width: int) -> GPTConfig:
    """The network of a width: two layers, heads of width 8."""
    vocabulary = MarkovLanguage(config.words).vocabulary
    return GPTConfig(vocabulary, config.length, width, 2, width // 8)


def weights(config: ScaleOfObjectivesConfig, width: int) -> int:
    """Parameters of a network."""
    return sum(p.numel() for p in GPT(size(config, width)).parameters())


def excess_nats(
    config: ScaleOfObjectivesConfig,
    name: str,
    setting: Setting,
    seed: int,
    rate: float,
) -> float:
    """Nats per word on held-out texts, above the source's entropy."""
    language = MarkovLanguage(config.words, seed)
    rng = torch.Generator().manual_seed(seed)
    count = config.steps * config.batch
    pool = language.sample(count // setting.epochs, config.length, rng)
    pool = pool.repeat(setting.epochs, 1)
    test = language.sample(config.texts, config.length, rng)
    torch.manual_seed(seed)
    network = GPT(size(config, setting.width))
    objective = objectives(language.vocabulary)[name]
    training = TrainingConfig(config.steps, rate, warmup=50)
    pretrain(network, objective, in_order(pool, config.batch), training, seed)
    return nats(config, network, objective, test) + float(language.log_p(test).mean())


@torch.no_grad()
def nats(
    config: ScaleOfObjectivesConfig, network: GPT, objective: Objective, test: Tensor
) -> float:
    """Nats per word: exact for the next token, for masked diffusion a bound."""
    rng = torch.Generator().manual_seed(0)
    draws = config.draws if objective.is_bound else 1
    parts = [
        objective.loss(network, objective.make_batch(test, rng)) for _ in range(draws)
    ]
    return float(sum(total for total, _ in parts) / sum(count for _, count in parts))


def smaller() -> ScaleOfObjectivesConfig:
    """The same experiment, small enough for a test."""
    return ScaleOfObjectivesConfig(
        seeds=2,
        words=4,
        length=6,
        widths=(8, 16),
        repeated_width=16,
        epochs=(20,),
        steps=150,
        rates=(1e-2,),
        texts=300,
        draws=8,
    )
