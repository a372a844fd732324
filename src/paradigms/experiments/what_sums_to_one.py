"""Sums over all possible texts: what is a distribution, what a bound.

Random networks with sharp predictions over three words, and texts of four of them; for
numbers, integrals over a fine grid.
"""

from dataclasses import dataclass
from itertools import permutations, product

import torch
from torch import Tensor

from paradigms.data.special_tokens import SPECIALS
from paradigms.evaluation.capabilities.generators import NODES, SHARES, best_noise
from paradigms.evaluation.capabilities.transformers import sharp
from paradigms.evaluation.statistics import intervals
from paradigms.experiments.outcome import Outcome, Row
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.generation.decoding import Network
from paradigms.layers.distributions import Gaussian
from paradigms.masks import bidirectional
from paradigms.models.diffusion import Diffusion, linear
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.models.masked_diffusion import MaskedDiffusion, bound
from paradigms.objectives import diffusion_bound, elbo

QUESTION = "Whose probabilities sum to one over all texts?"


@dataclass(frozen=True)
class WhatSumsToOneConfig:
    """Small enough to enumerate every text."""

    words: int = 3
    length: int = 4
    seeds: int = 20
    width: int = 32
    points: int = 4001  # of a grid from -12 to 12
    steps: int = 20  # of diffusion


CONFIG = WhatSumsToOneConfig()


def run(config: WhatSumsToOneConfig, each: Each = serial_map) -> Outcome:
    """A row per way to score texts: the sum of the scores, over the seeds."""
    results = each(range(config.seeds), lambda seed: sums(config, seed))
    rows: list[Row] = [
        {"name": name, **over_seeds([scores[name] for scores in results])}
        for name in results[0]
    ]
    return Outcome([*rows, rare_end(10_000)])


def over_seeds(scores: list[dict[str, float]]) -> Row:
    """Mean and interval of each column, and the extremes of the sums that vary.

    Beyond the ninth digit all is rounding error.
    """
    columns: Row = {
        column: [round(bound, 9) for bound in interval]
        for column, interval in intervals(scores).items()
    }
    totals = [round(s["sum"], 9) for s in scores if "sum" in s]
    if len(set(totals)) > 1:
        columns |= {"lowest": min(totals), "highest": max(totals)}
    return columns


def sums(config: WhatSumsToOneConfig, seed: int) -> dict[str, dict[str, float]]:
    """Every row for one set of random weights."""
    torch.manual_seed(seed)
    size = GPTConfig(
        vocabulary=SPECIALS.first_word + config.words,
        positions=config.length + 1,
        width=config.width,
        layers=2,
        heads=4,
    )
    with torch.no_grad():
        return {
            **left_to_right(sharp(GPT(size)), config),
            **by_masks(sharp(GPT(size)), config),
            **by_diffusion(sharp(MaskedDiffusion(size)), config),
            **of_numbers(config),
        }


def all_texts(config: WhatSumsToOneConfig, length: int) -> Tensor:
    """Every text of that length, (words^length, length)."""
    words = range(SPECIALS.first_word, SPECIALS.first_word + config.words)
    return torch.tensor(list(product(words, repeat=length)))


def left_to_right(
    network: Network, config: WhatSumsToOneConfig
) -> dict[str, dict[str, float]]:
    """The chain rule in three orders of the words, and with EOS."""
    texts = all_texts(config, config.length)
    order = torch.randperm(config.length)
    results = {
        name: {"sum": float(chain(network, tokens).exp().sum())}
        for name, tokens in (
            ("next token, left to right", texts),
            ("next token, right to left", texts.flip(1)),
            ("next token, random order", texts[:, order]),
        )
    }
    total, by_length = 0.0, {}
    for length in range(config.length + 1):
        rows = all_texts(config, length) if length else torch.zeros(1, 0).long()
        end = torch.full((len(rows), 1), SPECIALS.eos)
        total += float(chain(network, torch.cat([rows, end], 1), True).exp().sum())
        by_length[f"ended after {length + 1}"] = total
    longest = all_texts(config, config.length + 1)
    longer = float(chain(network, longest, True).exp().sum())
    return results | {
        "next token, with an end": {
            **by_length,
            "ended or going on": total + longer,
        }
    }


def chain(network: Network, texts: Tensor, ends: bool = False) -> Tensor:
    """Log P of texts by the chain rule, over words alone or with EOS."""
    first = torch.full((len(texts), 1), SPECIALS.bos)
    logits = network(torch.cat([first, texts[:, :-1]], dim=1))
    allowed = [
        *([SPECIALS.eos] if ends else []),
        *range(SPECIALS.first_word, logits.shape[-1]),
    ]
    log_p = logits[..., allowed].log_softmax(dim=-1)
    index = torch.full((max(allowed) + 1,), -1)
    index[allowed] = torch.arange(len(allowed))
    return log_p.gather(-1, index[texts][..., None])[..., 0].sum(dim=1)


def by_masks(
    network: Network, config: WhatSumsToOneConfig
) -> dict[str, dict[str, float]]:
    """A masked network: pseudo-likelihood, and words filled in one order."""
    texts = all_texts(config, config.length)

    def log_p_at(tokens: Tensor, place: int) -> Tensor:
        logits = network(tokens, bidirectional)[:, place, SPECIALS.first_word :]
        word = texts[:, place, None] - SPECIALS.first_word
        return logits.log_softmax(dim=-1).gather(1, word)[:, 0]

    pseudo_log_p = torch.zeros(len(texts), dtype=torch.float64)
    for place in range(config.length):
        tokens = texts.clone()
        tokens[:, place] = SPECIALS.mask
        pseudo_log_p += log_p_at(tokens, place)
    log_ps = []
    for order in permutations(range(config.length)):
        tokens, log_p = (
            torch.full_like(texts, SPECIALS.mask),
            torch.zeros_like(pseudo_log_p),
        )
        for place in order:
            log_p += log_p_at(tokens, place)
            tokens[:, place] = texts[:, place]
        log_ps.append(log_p)
    orders = torch.stack(log_ps)  # (n!, texts)
    spread = (orders.amax(dim=0) - orders.amin(dim=0)).median()
    return {
        "masked, each from all others": {"sum": float(pseudo_log_p.exp().sum())},
        "masked, filled in one order": {
            "sum": float(orders[0].exp().sum()),
            "nats between orders": float(spread),
        },
    }


def by_diffusion(
    network: Network, config: WhatSumsToOneConfig
) -> dict[str, dict[str, float]]:
    """Unmasking in a random order: the mean over orders, and the bound."""
    texts = all_texts(config, config.length)
    total = torch.zeros(len(texts), dtype=torch.float64)
    orders = list(permutations(range(config.length)))
    for order in orders:
        tokens, log_p = torch.full_like(texts, SPECIALS.mask), torch.zeros_like(total)
        for place in order:
            words = texts[:, place, None]
            log_p += network(tokens)[:, place].gather(1, words)[:, 0]
            tokens[:, place] = texts[:, place]
        total += log_p.exp() / len(orders)
    bounds = torch.stack([-bound(network, text) for text in texts]).exp()
    return {
        "masked diffusion, samples": {"sum": float(total.sum())},
        "masked diffusion, its bound": {"sum": float(bounds.sum())},
    }


def of_numbers(config: WhatSumsToOneConfig) -> dict[str, dict[str, float]]:
    """One number instead of a text: a linear VAE and a diffusion, by integrals."""
    x = torch.linspace(-12, 12, config.points, dtype=torch.float64)[:, None]
    weight, guess, offset = torch.rand(3, dtype=torch.float64) + 0.5

    def network(x: Tensor, noise: Tensor) -> tuple[Gaussian, Gaussian]:
        posterior = Gaussian(guess * x / 2 + offset / 4, torch.full_like(x, 0.5))
        z = posterior.sample(noise)
        return posterior, Gaussian(weight * z, torch.full_like(z, 0.6))

    noise = NODES[:, None, None].expand(-1, *x.shape)
    evidence = Gaussian(torch.zeros_like(x), torch.full_like(x, float(weight**2) + 0.6))
    process = Diffusion(linear(config.steps, last=0.3))
    best = best_noise(process, float(weight))
    shape = (config.steps, *x.shape)
    noises = [torch.full(shape, node, dtype=x.dtype) for node in NODES.tolist()]
    cost = torch.stack([diffusion_bound(best, process, x, n) for n in noises]).sum(
        dim=1
    )
    return {
        "VAE, exact likelihood": {"sum": area(evidence.log_density(x), x)},
        "VAE, its bound": {"sum": area(SHARES @ elbo(network, x, noise), x)},
        "diffusion, its bound": {"sum": area(-(SHARES @ cost), x)},
    }


def area(log_density: Tensor, x: Tensor) -> float:
    """The integral of a density over the grid."""
    return float(torch.trapezoid(log_density.exp().flatten(), x.flatten()))


def rare_end(steps: int) -> Row:
    """An EOS of probability 1 / (t + 1)^2 at step t: half of all texts never end."""
    not_ended = 1.0
    for t in range(1, steps + 1):
        not_ended *= 1 - 1 / (t + 1) ** 2
    return {"name": "an end that fades", "ended after 10,000": round(1 - not_ended, 4)}


def smaller() -> WhatSumsToOneConfig:
    """The same experiment, small enough for a test."""
    return WhatSumsToOneConfig(length=3, seeds=3, points=1001, steps=8)
