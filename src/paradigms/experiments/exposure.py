"""Teacher-forced against free-running error, position by position, on a known source.

A network reads the truth in training and its own words in use.  Here the truth after
any context is known, so that both errors are exact given the context.
"""

from dataclasses import dataclass
from itertools import product
from typing import Any

import torch
from torch import Tensor

from paradigms.corpora.made_language import FIRST, MadeLanguage
from paradigms.decoding import sample
from paradigms.intervals import interval
from paradigms.models.gpt import GPT
from paradigms.models.gpt import Config as Size
from paradigms.objectives import Specials
from paradigms.parts import Each, in_turn
from paradigms.pretraining import objectives, pretrain
from paradigms.training import Recipe

QUESTION = "Do errors grow when a model reads its own words instead of the truth?"
READS = ("reads the truth", "reads its own words")


@dataclass(frozen=True)
class Config:
    """A little and a well trained network; each seed has another language."""

    steps: tuple[int, ...] = (100, 1000)
    seeds: int = 5
    words: int = 8
    length: int = 24
    width: int = 64
    batch: int = 64
    texts: int = 4000  # for each of the two contexts


CONFIG = Config()


def run(config: Config, each: Each = in_turn) -> list[dict[str, Any]]:
    """A row for training and what is read: nats lost a word, early and late."""
    items = list(product(config.steps, range(config.seeds)))
    found = each(items, lambda item: errors(config, *item))
    rows: list[dict[str, Any]] = []
    bands = {}
    for steps in config.steps:
        of = [f for (s, _), f in zip(items, found, strict=True) if s == steps]
        for reads in READS:
            rows.append({"name": f"{steps} steps, {reads}"} | halves(of, reads))
            bands[f"{reads}, {steps} steps"] = [
                [place + 1, *(round(v, 5) for v in interval(values))]
                for place, values in enumerate(
                    zip(*(f[reads] for f in of), strict=True)
                )
            ]
        rows.append({"name": f"{steps} steps, by its own words"} | added(of))
    rows[-1]["pictures"] = {"errors": {"bands": bands}}
    return rows


def halves(found: list[dict[str, Any]], reads: str) -> dict[str, Any]:
    """Mean over the first and the last third of the places, and how rare the words."""
    third = len(found[0][reads]) // 3
    means = [torch.tensor(f[reads]) for f in found]
    return {
        "early": interval(tuple(float(m[2:third].mean()) for m in means)),
        "late": interval(tuple(float(m[-third:].mean()) for m in means)),
        "rare words": interval(tuple(f[f"{reads}, rare"] for f in found)),
    }


def added(found: list[dict[str, Any]]) -> dict[str, Any]:
    """By how much the error at the late places is larger for reading own words."""
    third = len(found[0][READS[0]]) // 3
    truth, own = (
        [float(torch.tensor(f[reads])[-third:].mean()) for f in found]
        for reads in READS
    )
    pairs = list(zip(truth, own, strict=True))
    return {
        "nats more": interval(tuple(o - t for t, o in pairs)),
        "times": interval(tuple(o / t for t, o in pairs)),
    }


def errors(config: Config, steps: int, seed: int) -> dict[str, Any]:
    """Nats lost at each place, given contexts from the source or from the network.

    And the share of the words in these texts that the source gives below one in 100.
    """
    torch.manual_seed(seed)
    dice = torch.Generator().manual_seed(seed)
    language = MadeLanguage(config.words, seed)
    network = GPT(Size(language.vocabulary, config.length + 1, config.width, 2, 4))
    pool = language.sample(steps * config.batch, config.length, dice)
    pretrain(
        network,
        objectives(language.vocabulary)["next token"],
        lambda step: pool[step * config.batch : (step + 1) * config.batch],
        Recipe(steps, 2e-3, warmup=50),
        seed,
    )
    start = torch.full((config.texts, 1), Specials().bos)
    # It writes words alone, as the source does.
    own = sample(only_words(network), start, config.length, dice)[:, 1:]
    texts = (language.sample(config.texts, config.length, dice), own)
    found: dict[str, Any] = {}
    for reads, seen in zip(READS, texts, strict=True):
        found[reads] = lost(network, language, seen)
        found[f"{reads}, rare"] = float(
            (language.log_p(seen).exp() < 0.01).double().mean()
        )
    return found


def only_words(network: GPT) -> Any:
    """The network without its special tokens, as `decoding` calls it."""

    def scores(tokens: Tensor, **options: Any) -> Tensor:
        logits = network(tokens, **options).clone()
        logits[..., :FIRST] = -1e9
        return logits

    return scores


@torch.no_grad()
def lost(network: GPT, language: MadeLanguage, texts: Tensor) -> list[float]:
    """KL(source || network) of the next word at each place, mean over the contexts."""
    start = torch.full((len(texts), 1), Specials().bos)
    logits = network(torch.cat([start, texts[:, :-1]], dim=1))[..., FIRST:]
    log_q = logits.double().log_softmax(dim=-1)  # (N, T, V)
    found = []
    for t in range(texts.shape[1]):
        p = language.after(texts[:, :t])  # (N, V)
        found.append(float((p * (p.log() - log_q[:, t])).sum(dim=1).mean()))
    return found


def smaller() -> Config:
    """The same question at a size that a test can afford."""
    return Config(steps=(60,), seeds=3, length=12, width=32, texts=1000)
