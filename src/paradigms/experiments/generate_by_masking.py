"""Writing by masking and refilling against writing from left to right.

Three networks of one size learn a made language; each writes texts from the same first
two words, by every way that is open to it.  How far the texts are from the source is
known: words can be rated by the true probabilities, and triples of words counted.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

import torch
from torch import Tensor

from paradigms.data.markov_language import FIRST, MarkovLanguage
from paradigms.data.special_tokens import SpecialTokens
from paradigms.evaluation.statistics import t_interval
from paradigms.experiments.exposure import only_words
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.generation.decoding import sample
from paradigms.generation.mask_filling import gibbs, mask_predict
from paradigms.masks import bidirectional
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.models.masked_diffusion import sample as unmask
from paradigms.models.masked_diffusion import substituted
from paradigms.training.loop import TrainingConfig
from paradigms.training.pretraining import objectives, pretrain

QUESTION = "How near to the source does masking and refilling write, at what cost?"
TIMED = True  # it looks at the clock, so it is measured alone
IDS = SpecialTokens()
Way = tuple[str, Callable[[Tensor], Tensor], int]  # name, how it writes, its calls
NETWORKS = ("next token", "masked", "masked diffusion")


@dataclass(frozen=True)
class GenerateByMaskingConfig:
    """Each seed has another language, other weights and other draws."""

    seeds: int = 4
    words: int = 6
    length: int = 12
    given: int = 2
    width: int = 64
    batch: int = 64
    steps: int = 1200
    texts: int = 1000
    sweeps: tuple[int, ...] = (1, 2, 4, 8)
    rounds: tuple[int, ...] = (1, 4)
    timed: int = 100  # texts of a timed call
    repeats: int = 5


CONFIG = GenerateByMaskingConfig()


def run(
    config: GenerateByMaskingConfig, each: Each = serial_map
) -> list[dict[str, Any]]:
    """A row for each way of writing: distance from the source, calls and time.

    Then pairs of ways, language by language: each beside left to right, and others.
    """
    found = each(range(config.seeds), lambda seed: ways(config, seed))
    rows = []
    for name in found[0]:
        row: dict[str, Any] = {"name": name}
        for column in found[0][name]:
            values = tuple(f[name][column] for f in found)
            same = len(set(values)) == 1
            row[column] = values[0] if same else t_interval(values)
        rows.append(row)
    return rows + [minus(found, *pair) for pair in pairs(config, list(found[0]))]


def pairs(config: GenerateByMaskingConfig, names: list[str]) -> list[tuple[str, str]]:
    """Which ways are compared: the first name is the source, the second writes on."""
    source, forward, *others = names
    gibbs = [f"Gibbs, sweeps {n}" for n in config.sweeps]
    slowest = f"masked diffusion, rounds {config.length - config.given}"
    found = [(forward, source), *((name, forward) for name in others)]
    found += [(gibbs[-1], name) for name in gibbs[:-1]]
    return [*found, (slowest, gibbs[0]), (slowest, gibbs[-1])]


def minus(
    found: list[dict[str, dict[str, float]]], name: str, other: str
) -> dict[str, Any]:
    """What one way differs from another by, on the same languages."""
    row: dict[str, Any] = {"name": f"{name} - {other}"}
    for column in ("surprise", "distance"):
        row[column] = t_interval(
            tuple(f[name][column] - f[other][column] for f in found)
        )
    return row


def ways(config: GenerateByMaskingConfig, seed: int) -> dict[str, dict[str, float]]:
    """Texts by every way, and how they compare with texts of the source."""
    language = MarkovLanguage(config.words, seed)
    dice = torch.Generator().manual_seed(seed)
    networks = {name: learnt(config, language, name, seed) for name in NETWORKS}
    draw = partial(language.sample, length=config.length, dice=dice)
    truth, other = draw(4 * config.texts), draw(config.texts)
    given = draw(config.texts)[:, : config.given]
    found = {"the source itself": compared(language, config, other, truth)}
    known = writers(config, networks, dice)
    took = seconds(config, known, given[: config.timed])
    usual = took["left to right"]
    for name, write, calls in known:
        found[name] = {
            **compared(language, config, write(given), truth),
            "calls": calls,
            "times the time": took[name] / usual,
        }
    return found


def seconds(
    config: GenerateByMaskingConfig, known: list[Way], given: Tensor
) -> dict[str, float]:
    """The median time of each way, after a first call of each that does not count.

    The ways take turns, so that what else the processor does falls on all alike.
    """
    took: dict[str, list[float]] = {name: [] for name, _, _ in known}
    for turn in range(config.repeats + 1):
        for name, write, _ in known:
            start = time.perf_counter()
            write(given)
            if turn:
                took[name].append(time.perf_counter() - start)
    return {name: median(values) for name, values in took.items()}


def learnt(
    config: GenerateByMaskingConfig, language: MarkovLanguage, name: str, seed: int
) -> GPT:
    """A network after the same number of steps under that objective."""
    torch.manual_seed(seed)
    network = GPT(GPTConfig(language.vocabulary, config.length + 1, config.width, 2, 4))
    dice = torch.Generator().manual_seed(1000 + seed)  # the same texts for all
    pool = language.sample(config.steps * config.batch, config.length, dice)
    pretrain(
        network,
        objectives(language.vocabulary)[name],
        lambda step: pool[step * config.batch : (step + 1) * config.batch],
        TrainingConfig(config.steps, 3e-3, warmup=50),
        seed,
    )
    return network


def writers(
    config: GenerateByMaskingConfig, networks: dict[str, GPT], dice: torch.Generator
) -> list[Way]:
    """Each way by name, and how often it asks its network for one batch of texts."""
    new = config.length - config.given
    bert, diffusion = networks["masked"], networks["masked diffusion"]

    def ask(tokens: Tensor, real: Tensor | None = None) -> Tensor:
        return bert(tokens, bidirectional, real)

    def denoise(tokens: Tensor, real: Tensor | None = None) -> Tensor:
        return substituted(diffusion(tokens, bidirectional, real), tokens)

    def blanks(given: Tensor) -> Tensor:
        hidden = torch.full((len(given), new), IDS.mask)
        return torch.cat([given, hidden], dim=1)

    def forward(given: Tensor) -> Tensor:
        start = torch.full((len(given), 1), IDS.bos)
        prompt = torch.cat([start, given], dim=1)
        return sample(only_words(networks["next token"]), prompt, new, dice)[:, 1:]

    def swept(given: Tensor, sweeps: int) -> Tensor:
        text = blanks(given)
        return gibbs(ask, text, text == IDS.mask, sweeps, dice)

    def rounds(given: Tensor, steps: int) -> Tensor:
        return mask_predict(ask, blanks(given), steps)

    def unmasked(given: Tensor, steps: int) -> Tensor:
        return unmask(denoise, blanks(given), steps, dice)

    found: list[Way] = [("left to right", forward, new)]
    for n in config.sweeps:
        found.append((f"Gibbs, sweeps {n}", partial(swept, sweeps=n), n * new))
    for n in config.rounds:
        found.append((f"mask-predict, rounds {n}", partial(rounds, steps=n), n))
    for n in (*config.rounds, new):
        name = f"masked diffusion, rounds {n}"
        found.append((name, partial(unmasked, steps=n), n))
    return found


def compared(
    language: MarkovLanguage,
    config: GenerateByMaskingConfig,
    texts: Tensor,
    truth: Tensor,
) -> dict[str, float]:
    """What the source says of the new words, and how their triples are distributed.

    `surprise`: mean -log P of a new word by the source, in nats; text that is too
    likely lies below the source's own.  `distance`: half the sum of differences between
    the shares of triples of words (total variation).  `distinct`: different texts among
    all that were written.
    """
    return {
        "surprise": float(-language.log_p(texts)[:, config.given :].mean()),
        "distance": float((triples(texts, config) - triples(truth, config)).abs().sum())
        / 2,
        "distinct": len(texts.unique(dim=0)) / len(texts),
    }


def triples(texts: Tensor, config: GenerateByMaskingConfig) -> Tensor:
    """Shares of the V^3 triples of neighbouring words among the new ones."""
    seen = (texts - FIRST)[:, config.given :]
    powers = torch.tensor([config.words**2, config.words, 1])
    numbers = (seen.unfold(1, 3, 1) * powers).sum(dim=-1).flatten()
    counts = numbers.bincount(minlength=config.words**3).double()
    return counts / counts.sum()


def smaller() -> GenerateByMaskingConfig:
    """The same question at a size that a test can afford."""
    return GenerateByMaskingConfig(
        seeds=2,
        words=4,
        length=8,
        width=32,
        steps=150,
        texts=400,
        sweeps=(1, 4),
        rounds=(1,),
        repeats=2,
    )
