"""Generation by mask filling against generation from left to right.

Three networks of one size learn a synthetic language; each continues the same first two
words with every sampler that it supports.  The distance from the source is measured by
the true probabilities of words, and by counts of trigrams.
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
TIMED = True  # measured alone
IDS = SpecialTokens()
Way = tuple[str, Callable[[Tensor], Tensor], int]  # name, sampler, network calls
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
    """A row per sampler: distance from the source, calls and time.

    Then differences, paired by language: each sampler minus left to right, and others.
    """
    results = each(range(config.seeds), lambda seed: ways(config, seed))
    rows = []
    for name in results[0]:
        row: dict[str, Any] = {"name": name}
        for column in results[0][name]:
            values = tuple(f[name][column] for f in results)
            constant = len(set(values)) == 1
            row[column] = values[0] if constant else t_interval(values)
        rows.append(row)
    return rows + [minus(results, *pair) for pair in pairs(config, list(results[0]))]


def pairs(config: GenerateByMaskingConfig, names: list[str]) -> list[tuple[str, str]]:
    """The compared pairs; `names` starts with the source and left to right."""
    source, left_to_right, *others = names
    gibbs = [f"Gibbs, sweeps {n}" for n in config.sweeps]
    slowest = f"masked diffusion, rounds {config.length - config.given}"
    comparisons = [(left_to_right, source), *((name, left_to_right) for name in others)]
    comparisons += [(gibbs[-1], name) for name in gibbs[:-1]]
    return [*comparisons, (slowest, gibbs[0]), (slowest, gibbs[-1])]


def minus(
    found: list[dict[str, dict[str, float]]], name: str, other: str
) -> dict[str, Any]:
    """Differences between two samplers on the same languages."""
    row: dict[str, Any] = {"name": f"{name} - {other}"}
    for column in ("surprise", "distance"):
        row[column] = t_interval(
            tuple(f[name][column] - f[other][column] for f in found)
        )
    return row


def ways(config: GenerateByMaskingConfig, seed: int) -> dict[str, dict[str, float]]:
    """Scores of every sampler's texts against texts of the source."""
    language = MarkovLanguage(config.words, seed)
    rng = torch.Generator().manual_seed(seed)
    networks = {name: learnt(config, language, name, seed) for name in NETWORKS}
    draw = partial(language.sample, length=config.length, dice=rng)
    reference, fresh = draw(4 * config.texts), draw(config.texts)
    prefixes = draw(config.texts)[:, : config.given]
    results = {"the source itself": compared(language, config, fresh, reference)}
    samplers = writers(config, networks, rng)
    times = seconds(config, samplers, prefixes[: config.timed])
    baseline = times["left to right"]
    for name, write, calls in samplers:
        results[name] = {
            **compared(language, config, write(prefixes), reference),
            "calls": calls,
            "times the time": times[name] / baseline,
        }
    return results


def seconds(
    config: GenerateByMaskingConfig, known: list[Way], given: Tensor
) -> dict[str, float]:
    """The median time of each sampler, after one warm-up call.

    Samplers alternate, so that other load on the processor affects all alike.
    """
    times: dict[str, list[float]] = {name: [] for name, _, _ in known}
    for turn in range(config.repeats + 1):
        for name, write, _ in known:
            start = time.perf_counter()
            write(given)
            if turn:
                times[name].append(time.perf_counter() - start)
    return {name: median(values) for name, values in times.items()}


def learnt(
    config: GenerateByMaskingConfig, language: MarkovLanguage, name: str, seed: int
) -> GPT:
    """A network trained with one objective, for as many steps as the others."""
    torch.manual_seed(seed)
    network = GPT(GPTConfig(language.vocabulary, config.length + 1, config.width, 2, 4))
    rng = torch.Generator().manual_seed(1000 + seed)  # the same texts for all
    pool = language.sample(config.steps * config.batch, config.length, rng)
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
    """Every sampler with its name and its network calls per batch of texts."""
    new = config.length - config.given
    bert, diffusion = networks["masked"], networks["masked diffusion"]

    def masked_logits(tokens: Tensor, real: Tensor | None = None) -> Tensor:
        return bert(tokens, bidirectional, real)

    def denoise(tokens: Tensor, real: Tensor | None = None) -> Tensor:
        return substituted(diffusion(tokens, bidirectional, real), tokens)

    def append_masks(given: Tensor) -> Tensor:
        masks = torch.full((len(given), new), IDS.mask)
        return torch.cat([given, masks], dim=1)

    def write_causal(given: Tensor) -> Tensor:
        start = torch.full((len(given), 1), IDS.bos)
        prompt = torch.cat([start, given], dim=1)
        return sample(only_words(networks["next token"]), prompt, new, dice)[:, 1:]

    def write_gibbs(given: Tensor, sweeps: int) -> Tensor:
        text = append_masks(given)
        return gibbs(masked_logits, text, text == IDS.mask, sweeps, dice)

    def write_mask_predict(given: Tensor, steps: int) -> Tensor:
        return mask_predict(masked_logits, append_masks(given), steps)

    def write_diffusion(given: Tensor, steps: int) -> Tensor:
        return unmask(denoise, append_masks(given), steps, dice)

    samplers: list[Way] = [("left to right", write_causal, new)]
    for n in config.sweeps:
        samplers.append((f"Gibbs, sweeps {n}", partial(write_gibbs, sweeps=n), n * new))
    for n in config.rounds:
        samplers.append(
            (f"mask-predict, rounds {n}", partial(write_mask_predict, steps=n), n)
        )
    for n in (*config.rounds, new):
        name = f"masked diffusion, rounds {n}"
        samplers.append((name, partial(write_diffusion, steps=n), n))
    return samplers


def compared(
    language: MarkovLanguage,
    config: GenerateByMaskingConfig,
    texts: Tensor,
    truth: Tensor,
) -> dict[str, float]:
    """Log-loss of the new words under the source, and their trigram distribution.

    `surprise`: mean -log P of a new word by the source, in nats; text that is too
    likely lies below the source's own.  `distance`: total variation between the shares
    of trigrams, half the sum of differences.  `distinct`: share of different texts.
    """
    return {
        "surprise": float(-language.log_p(texts)[:, config.given :].mean()),
        "distance": float((triples(texts, config) - triples(truth, config)).abs().sum())
        / 2,
        "distinct": len(texts.unique(dim=0)) / len(texts),
    }


def triples(texts: Tensor, config: GenerateByMaskingConfig) -> Tensor:
    """Shares of the V^3 trigrams among the new words."""
    words = (texts - FIRST)[:, config.given :]
    powers = torch.tensor([config.words**2, config.words, 1])
    numbers = (words.unfold(1, 3, 1) * powers).sum(dim=-1).flatten()
    counts = numbers.bincount(minlength=config.words**3).double()
    return counts / counts.sum()


def smaller() -> GenerateByMaskingConfig:
    """The same experiment, small enough for a test."""
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
