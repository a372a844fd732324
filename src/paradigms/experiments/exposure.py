"""Teacher-forced against free-running error, position by position, on a known source.

A network reads the truth in training and its own words in use.  Here the truth after
any context is known, so that both errors are exact given the context.  One source has a
memory of two words; the other keeps a running count, which own words can lead astray.
"""

from dataclasses import dataclass
from itertools import product
from statistics import mean
from typing import Any

import torch
from torch import Tensor

from paradigms.data.markov_language import FIRST, MarkovLanguage
from paradigms.data.special_tokens import SpecialTokens
from paradigms.evaluation.statistics import t_interval
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.generation.decoding import sample
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.training.loop import TrainingConfig
from paradigms.training.pretraining import objectives, pretrain

COUNTED = "running count"
QUESTION = "Do errors grow when a model reads its own words instead of the truth?"
READS = ("reads the truth", "reads its own words")


@dataclass(frozen=True)
class ExposureConfig:
    """A little and a longer trained network; each seed has another language.

    The last `edge` places are learned and not scored: few later places look back to
    them, so that their learned positions lag behind.
    """

    steps: tuple[int, ...] = (100, 1000)
    counted: tuple[int, ...] = (100, 500)  # steps on the source that counts
    seeds: int = 5
    words: int = 8
    length: int = 24
    edge: int = 3
    pull: float = 1.0
    width: int = 64
    batch: int = 64
    texts: int = 4000  # for each of the two contexts


CONFIG = ExposureConfig()


class Counted(MarkovLanguage):
    """The next word depends on the last, and on a count kept along the whole text.

    Every other word adds one to the count, the rest take one away; the further it is
    from zero, the likelier are the words that lead back.  So the source stays near
    zero, and a network that does not can get where training seldom was.
    """

    def __init__(self, words: int, seed: int, pull: float) -> None:
        super().__init__(words, seed)
        self.pull = pull
        self.adds = 1.0 - 2.0 * (torch.arange(words) % 2).double()  # (V,)

    def after(self, texts: Tensor) -> Tensor:
        """P(next word | text so far).  Shapes: (N, t) -> (N, V) over the words."""
        if texts.shape[1] == 0:
            return self.first.expand(len(texts), -1)
        usual = self.second[texts[:, -1] - FIRST].log()
        return (usual - self.pull * self.count(texts)[:, None] * self.adds).softmax(1)

    def count(self, texts: Tensor) -> Tensor:
        """The count behind each text: (N, t) -> (N,)."""
        return self.adds[texts - FIRST].sum(dim=1)

    def gap(self, texts: Tensor, start: int, stop: int) -> Tensor:
        """A gap moves the count of all that follows. Errors: ValueError, always."""
        raise ValueError(
            f"gap {start} to {stop}: a source that counts has none; use MadeLanguage"
        )


def run(config: ExposureConfig, each: Each = serial_map) -> list[dict[str, Any]]:
    """A row for training and what is read: nats lost a word, early and late.

    First of the source with a memory of two words, then of the one that counts.
    """
    rows = []
    for source, course in (("", config.steps), (COUNTED, config.counted)):
        items = list(product((source,), course, range(config.seeds)))
        found = each(items, lambda item: errors(config, *item))
        parts = {
            steps: [f for (_, s, _), f in zip(items, found, strict=True) if s == steps]
            for steps in course
        }
        rows += of_source(f"{source}, " if source else "", parts)
    return rows


def of_source(
    prefix: str, parts: dict[int, list[dict[str, Any]]]
) -> list[dict[str, Any]]:
    """The rows of one source, of which the last has the picture of them all."""
    rows: list[dict[str, Any]] = []
    bands = {}
    for steps, of in parts.items():
        for reads in READS:
            rows.append({"name": f"{prefix}{steps} steps, {reads}"} | halves(of, reads))
            bands[f"{reads}, {steps} steps"] = [
                [place + 1, *(round(v, 5) for v in t_interval(values))]
                for place, values in enumerate(
                    zip(*(f[reads] for f in of), strict=True)
                )
            ]
        rows.append({"name": f"{prefix}{steps} steps, by its own words"} | added(of))
    rows[-1]["pictures"] = {"errors": {"bands": bands}}
    return rows


def halves(found: list[dict[str, Any]], reads: str) -> dict[str, Any]:
    """Mean over the first and the last third of the places, and how rare the words."""
    means = {
        part: t_interval(tuple(mean_of(f[reads], part) for f in found))
        for part in ("early", "late")
    }
    rest = {
        column: t_interval(tuple(f[f"{reads}, {column}"] for f in found))
        for column in ("rare words", "far counts")
        if f"{reads}, {column}" in found[0]
    }
    return means | rest


def mean_of(nats: list[float], part: str) -> float:
    """Mean over the first third of the places, without its first two, or the last."""
    third = len(nats) // 3
    return mean(nats[2:third] if part == "early" else nats[-third:])


def added(found: list[dict[str, Any]]) -> dict[str, Any]:
    """By how much more is lost by reading own words, late; and how that has grown.

    `growth`: nats more in the last third less nats more in the first.
    """
    late, early = (
        [tuple(mean_of(f[reads], part) for reads in READS) for f in found]
        for part in ("late", "early")
    )
    more, before = ([o - t for t, o in pairs] for pairs in (late, early))
    return {
        "nats more": t_interval(tuple(more)),
        "nats more, early": t_interval(tuple(before)),
        "growth": t_interval(tuple(m - b for m, b in zip(more, before, strict=True))),
        "times": t_interval(tuple(o / t for t, o in late)),
    }


def errors(
    config: ExposureConfig, source: str, steps: int, seed: int
) -> dict[str, Any]:
    """Nats lost at each place, given contexts from the source or from the network.

    And the share of the words in these texts that the source gives below one in 100;
    where it counts, of the texts whose count ends more than three from zero.
    """
    torch.manual_seed(seed)
    dice = torch.Generator().manual_seed(seed)
    language = (
        Counted(config.words, seed, config.pull)
        if source == COUNTED
        else MarkovLanguage(config.words, seed)
    )
    network = GPT(GPTConfig(language.vocabulary, config.length + 1, config.width, 2, 4))
    pool = language.sample(steps * config.batch, config.length, dice)
    pretrain(
        network,
        objectives(language.vocabulary)["next token"],
        lambda step: pool[step * config.batch : (step + 1) * config.batch],
        TrainingConfig(steps, 2e-3, warmup=50),
        seed,
    )
    start = torch.full((config.texts, 1), SpecialTokens().bos)
    # It writes words alone, as the source does.
    scored = config.length - config.edge
    own = sample(only_words(network), start, scored, dice)[:, 1:]
    texts = (language.sample(config.texts, scored, dice), own)
    found: dict[str, Any] = {}
    for reads, seen in zip(READS, texts, strict=True):
        found[reads] = lost(network, language, seen)
        found[f"{reads}, rare words"] = float(
            (language.log_p(seen).exp() < 0.01).double().mean()
        )
        if isinstance(language, Counted):
            far = language.count(seen).abs() > 3
            found[f"{reads}, far counts"] = float(far.double().mean())
    return found


def only_words(network: GPT) -> Any:
    """The network without its special tokens, as `decoding` calls it."""

    def scores(tokens: Tensor, **options: Any) -> Tensor:
        logits = network(tokens, **options).clone()
        logits[..., :FIRST] = -1e9
        return logits

    return scores


@torch.no_grad()
def lost(network: GPT, language: MarkovLanguage, texts: Tensor) -> list[float]:
    """KL(source || network) of the next word at each place, mean over the contexts."""
    start = torch.full((len(texts), 1), SpecialTokens().bos)
    logits = network(torch.cat([start, texts[:, :-1]], dim=1))[..., FIRST:]
    log_q = logits.double().log_softmax(dim=-1)  # (N, T, V)
    found = []
    for t in range(texts.shape[1]):
        p = language.after(texts[:, :t])  # (N, V)
        found.append(float((p * (p.log() - log_q[:, t])).sum(dim=1).mean()))
    return found


def smaller() -> ExposureConfig:
    """The same question at a size that a test can afford."""
    return ExposureConfig(
        steps=(60,), counted=(60,), seeds=3, length=12, width=32, texts=1000
    )
