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
from typing import TypeAlias

import torch
from torch import Tensor

from paradigms.data.markov_language import FIRST, MarkovLanguage
from paradigms.data.special_tokens import SPECIALS
from paradigms.evaluation.statistics import intervals, paired_differences
from paradigms.experiments.outcome import Outcome, Row
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.generation.decoding import Network, sample, without_special_tokens
from paradigms.generation.mask_filling import gibbs, mask_predict
from paradigms.masks import bidirectional
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.models.masked_diffusion import sample as unmask
from paradigms.models.masked_diffusion import substitute_visible
from paradigms.training.loop import TrainingConfig
from paradigms.training.pretraining import in_order, objectives, pretrain

QUESTION = "How near to the source does masking and refilling write, at what cost?"
NETWORKS = ("next token", "masked", "masked diffusion")
Scores: TypeAlias = dict[str, dict[str, float]]  # sampler, column


@dataclass(frozen=True)
class GenerateByMaskingConfig:
    """Each seed has another language, other weights and other draws."""

    seeds: int = 4
    words: int = 6
    length: int = 12
    prompt_length: int = 2
    width: int = 64
    batch: int = 64
    steps: int = 1200
    texts: int = 1000
    sweeps: tuple[int, ...] = (1, 2, 4, 8)
    rounds: tuple[int, ...] = (1, 4)
    timing_texts: int = 100  # of a timed call
    repeats: int = 5


CONFIG = GenerateByMaskingConfig()


@dataclass(frozen=True)
class Sampler:
    """`generate` continues prompts (N, t) in that many calls of a network."""

    name: str
    generate: Callable[[Tensor], Tensor]
    calls: int


def run(config: GenerateByMaskingConfig, each: Each = serial_map) -> Outcome:
    """A row per sampler: distance from the source, calls and time.

    Then differences, paired by language: each sampler minus left to right, and others.
    """
    results = each(range(config.seeds), lambda seed: scores(config, seed))
    rows: list[Row] = []
    for name in results[0]:
        runs = [result[name] for result in results]
        constants = {
            column: value
            for column, value in runs[0].items()
            if all(run[column] == value for run in runs)
        }
        shares = intervals(runs, ("distance", "distinct"))
        rows.append({"name": name, **shares, **constants})
    pairs = pairs_to_compare(config, list(results[0]))
    return Outcome(rows + [difference(results, *pair) for pair in pairs])


def pairs_to_compare(
    config: GenerateByMaskingConfig, names: list[str]
) -> list[tuple[str, str]]:
    """Which sampler minus which; `names` starts with the source and left to right."""
    source, left_to_right, *others = names
    gibbs = [f"Gibbs, sweeps {n}" for n in config.sweeps]
    slowest = f"masked diffusion, rounds {config.length - config.prompt_length}"
    comparisons = [(left_to_right, source), *((name, left_to_right) for name in others)]
    comparisons += [(gibbs[-1], name) for name in gibbs[:-1]]
    return [*comparisons, (slowest, gibbs[0]), (slowest, gibbs[-1])]


def difference(results: list[Scores], name: str, other: str) -> Row:
    """Differences between two samplers on the same languages."""
    runs, baseline = (
        [
            {column: result[key][column] for column in ("surprise", "distance")}
            for result in results
        ]
        for key in (name, other)
    )
    return {"name": f"{name} - {other}", **paired_differences(runs, baseline)}


def scores(config: GenerateByMaskingConfig, seed: int) -> Scores:
    """Scores of every sampler's texts against texts of the source."""
    language = MarkovLanguage(config.words, seed)
    rng = torch.Generator().manual_seed(seed)
    networks = {
        name: pretrain_network(config, language, name, seed) for name in NETWORKS
    }
    draw = partial(language.sample, length=config.length, rng=rng)
    reference, fresh = draw(4 * config.texts), draw(config.texts)
    prompts = draw(config.texts)[:, : config.prompt_length]
    results = {"the source itself": compare(language, config, fresh, reference)}
    all_samplers = samplers(config, networks, rng)
    times = seconds(config, all_samplers, prompts[: config.timing_texts])
    for sampler in all_samplers:
        results[sampler.name] = {
            **compare(language, config, sampler.generate(prompts), reference),
            "calls": sampler.calls,
            "times the time": times[sampler.name] / times["left to right"],
        }
    return results


def seconds(
    config: GenerateByMaskingConfig, samplers: list[Sampler], prompts: Tensor
) -> dict[str, float]:
    """The median time of each sampler, after one warm-up call.

    Samplers alternate, so that other load on the processor affects all alike.
    """
    times: dict[str, list[float]] = {sampler.name: [] for sampler in samplers}
    for turn in range(config.repeats + 1):
        for sampler in samplers:
            start = time.perf_counter()
            sampler.generate(prompts)
            if turn:
                times[sampler.name].append(time.perf_counter() - start)
    return {name: median(values) for name, values in times.items()}


def pretrain_network(
    config: GenerateByMaskingConfig, language: MarkovLanguage, name: str, seed: int
) -> GPT:
    """A network trained with one objective, for as many steps as the others."""
    torch.manual_seed(seed)
    network = GPT(
        GPTConfig(
            language.vocabulary, config.length + 1, config.width, layers=2, heads=4
        )
    )
    rng = torch.Generator().manual_seed(1000 + seed)  # the same texts for all
    pool = language.sample(config.steps * config.batch, config.length, rng)
    pretrain(
        network,
        objectives(language.vocabulary)[name],
        in_order(pool, config.batch),
        TrainingConfig(config.steps, 3e-3, warmup=50),
        seed,
    )
    return network


def samplers(
    config: GenerateByMaskingConfig, networks: dict[str, GPT], rng: torch.Generator
) -> list[Sampler]:
    """Every sampler with its name and its network calls per batch of texts."""
    new = config.length - config.prompt_length
    masked_lm = partial(networks["masked"], rule=bidirectional)
    denoise = partial(denoising_log_p, networks["masked diffusion"])

    def left_to_right(prompts: Tensor) -> Tensor:
        start = torch.full((len(prompts), 1), SPECIALS.bos)
        texts = torch.cat([start, prompts], dim=1)
        return sample(without_special_tokens(networks["next token"]), texts, new, rng)[
            :, 1:
        ]

    def with_gibbs(prompts: Tensor, sweeps: int) -> Tensor:
        texts = append_masks(prompts, new)
        return gibbs(masked_lm, texts, texts == SPECIALS.mask, sweeps, rng)

    def with_mask_predict(prompts: Tensor, steps: int) -> Tensor:
        return mask_predict(masked_lm, append_masks(prompts, new), steps)

    def with_diffusion(prompts: Tensor, steps: int) -> Tensor:
        return unmask(denoise, append_masks(prompts, new), steps, rng)

    return [
        Sampler("left to right", left_to_right, new),
        *(
            Sampler(f"Gibbs, sweeps {n}", partial(with_gibbs, sweeps=n), n * new)
            for n in config.sweeps
        ),
        *(
            Sampler(f"mask-predict, rounds {n}", partial(with_mask_predict, steps=n), n)
            for n in config.rounds
        ),
        *(
            Sampler(
                f"masked diffusion, rounds {n}", partial(with_diffusion, steps=n), n
            )
            for n in (*config.rounds, new)
        ),
    ]


def denoising_log_p(
    network: Network, tokens: Tensor, real: Tensor | None = None
) -> Tensor:
    """Log-probabilities of masked words by a network of masked diffusion."""
    return substitute_visible(network(tokens, bidirectional, real), tokens)


def append_masks(prompts: Tensor, new: int) -> Tensor:
    """Prompts with `new` masked positions: (N, t) -> (N, t + new)."""
    masks = torch.full((len(prompts), new), SPECIALS.mask)
    return torch.cat([prompts, masks], dim=1)


def compare(
    language: MarkovLanguage,
    config: GenerateByMaskingConfig,
    texts: Tensor,
    reference: Tensor,
) -> dict[str, float]:
    """Log-loss of the new words under the source, and their trigram distribution.

    `surprise`: mean -log P of a new word by the source, in nats; text that is too
    likely lies below the source's own.  `distance`: total variation between the shares
    of trigrams, half the sum of differences.  `distinct`: share of different texts.
    """
    gaps = trigrams(texts, config) - trigrams(reference, config)
    return {
        "surprise": float(-language.log_p(texts)[:, config.prompt_length :].mean()),
        "distance": float(gaps.abs().sum()) / 2,
        "distinct": len(torch.unique(texts, dim=0)) / len(texts),
    }


def trigrams(texts: Tensor, config: GenerateByMaskingConfig) -> Tensor:
    """Shares of the V^3 trigrams among the new words."""
    words = (texts - FIRST)[:, config.prompt_length :]
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
