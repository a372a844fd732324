"""Teacher-forced against free-running error, position by position, on a known source.

A network reads true text in training and its own samples in use.  Here the true
distribution after any context is known, so that both errors are exact given the
context.  One source has a memory of two words; the other keeps a running count, which a
network's own words can drive away from zero.
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
    """A briefly and a longer trained network; each seed has another language.

    The last `edge` positions are trained but not scored: few later positions attend to
    them, so their position embeddings learn more slowly.
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
    zero, and a network that does not leaves the training distribution.
    """

    def __init__(self, words: int, seed: int, pull: float) -> None:
        super().__init__(words, seed)
        self.pull = pull
        self.adds = 1.0 - 2.0 * (torch.arange(words) % 2).double()  # (V,)

    def after(self, texts: Tensor) -> Tensor:
        """P(next word | text so far).  Shapes: (N, t) -> (N, V) over the words."""
        if texts.shape[1] == 0:
            return self.first.expand(len(texts), -1)
        log_p = self.second[texts[:, -1] - FIRST].log()
        return (log_p - self.pull * self.count(texts)[:, None] * self.adds).softmax(1)

    def count(self, texts: Tensor) -> Tensor:
        """The count after each text: (N, t) -> (N,)."""
        return self.adds[texts - FIRST].sum(dim=1)

    def gap(self, texts: Tensor, start: int, stop: int) -> Tensor:
        """Not available: a gap changes the count of later words. Errors: ValueError."""
        raise ValueError(
            f"gap {start} to {stop}: a source that counts has none; use MadeLanguage"
        )


def run(config: ExposureConfig, each: Each = serial_map) -> list[dict[str, Any]]:
    """A row per training length and context: nats lost per word, early and late.

    First for the source with a memory of two words, then for the one that counts.
    """
    rows = []
    for source, step_counts in (("", config.steps), (COUNTED, config.counted)):
        items = list(product((source,), step_counts, range(config.seeds)))
        results = each(items, lambda item: errors(config, *item))
        parts = {
            steps: [
                f for (_, s, _), f in zip(items, results, strict=True) if s == steps
            ]
            for steps in step_counts
        }
        rows += of_source(f"{source}, " if source else "", parts)
    return rows


def of_source(
    prefix: str, parts: dict[int, list[dict[str, Any]]]
) -> list[dict[str, Any]]:
    """The rows of one source; the last holds the figure."""
    rows: list[dict[str, Any]] = []
    bands = {}
    for steps, results in parts.items():
        for reads in READS:
            rows.append(
                {"name": f"{prefix}{steps} steps, {reads}"} | halves(results, reads)
            )
            bands[f"{reads}, {steps} steps"] = [
                [position + 1, *(round(v, 5) for v in t_interval(values))]
                for position, values in enumerate(
                    zip(*(f[reads] for f in results), strict=True)
                )
            ]
        rows.append(
            {"name": f"{prefix}{steps} steps, by its own words"} | added(results)
        )
    rows[-1]["pictures"] = {"errors": {"bands": bands}}
    return rows


def halves(found: list[dict[str, Any]], reads: str) -> dict[str, Any]:
    """Mean loss over the first and last third of positions; shares of rare words."""
    means = {
        part: t_interval(tuple(mean_of(f[reads], part) for f in found))
        for part in ("early", "late")
    }
    shares = {
        column: t_interval(tuple(f[f"{reads}, {column}"] for f in found))
        for column in ("rare words", "far counts")
        if f"{reads}, {column}" in found[0]
    }
    return means | shares


def mean_of(nats: list[float], part: str) -> float:
    """Mean over the first third of positions, without the first two, or the last."""
    third = len(nats) // 3
    return mean(nats[2:third] if part == "early" else nats[-third:])


def added(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Extra loss on the network's own words, late in the text, and its growth.

    `growth`: extra nats in the last third minus extra nats in the first.
    """
    late, early = (
        [tuple(mean_of(f[reads], part) for reads in READS) for f in found]
        for part in ("late", "early")
    )
    late_gaps, early_gaps = ([o - t for t, o in pairs] for pairs in (late, early))
    return {
        "nats more": t_interval(tuple(late_gaps)),
        "nats more, early": t_interval(tuple(early_gaps)),
        "growth": t_interval(
            tuple(m - b for m, b in zip(late_gaps, early_gaps, strict=True))
        ),
        "times": t_interval(tuple(o / t for t, o in late)),
    }


def errors(
    config: ExposureConfig, source: str, steps: int, seed: int
) -> dict[str, Any]:
    """Nats lost at each position, on contexts from the source or from the network.

    Also the share of words to which the source gives P < 0.01 and, if it counts, of
    texts whose count ends more than three from zero.
    """
    torch.manual_seed(seed)
    rng = torch.Generator().manual_seed(seed)
    language = (
        Counted(config.words, seed, config.pull)
        if source == COUNTED
        else MarkovLanguage(config.words, seed)
    )
    network = GPT(GPTConfig(language.vocabulary, config.length + 1, config.width, 2, 4))
    pool = language.sample(steps * config.batch, config.length, rng)
    pretrain(
        network,
        objectives(language.vocabulary)["next token"],
        lambda step: pool[step * config.batch : (step + 1) * config.batch],
        TrainingConfig(steps, 2e-3, warmup=50),
        seed,
    )
    start = torch.full((config.texts, 1), SpecialTokens().bos)
    # Special tokens are excluded, as the source has none.
    scored_length = config.length - config.edge
    generated = sample(only_words(network), start, scored_length, rng)[:, 1:]
    texts = (language.sample(config.texts, scored_length, rng), generated)
    results: dict[str, Any] = {}
    for reads, contexts in zip(READS, texts, strict=True):
        results[reads] = lost(network, language, contexts)
        results[f"{reads}, rare words"] = float(
            (language.log_p(contexts).exp() < 0.01).double().mean()
        )
        if isinstance(language, Counted):
            far_counts = language.count(contexts).abs() > 3
            results[f"{reads}, far counts"] = float(far_counts.double().mean())
    return results


def only_words(network: GPT) -> Any:
    """The network with special tokens masked out, as `decoding` calls it."""

    def scores(tokens: Tensor, **options: Any) -> Tensor:
        logits = network(tokens, **options).clone()
        logits[..., :FIRST] = -1e9
        return logits

    return scores


@torch.no_grad()
def lost(network: GPT, language: MarkovLanguage, texts: Tensor) -> list[float]:
    """KL(source || network) of the next word by position, mean over the contexts."""
    start = torch.full((len(texts), 1), SpecialTokens().bos)
    logits = network(torch.cat([start, texts[:, :-1]], dim=1))[..., FIRST:]
    log_q = logits.double().log_softmax(dim=-1)  # (N, T, V)
    losses = []
    for t in range(texts.shape[1]):
        p = language.after(texts[:, :t])  # (N, V)
        losses.append(float((p * (p.log() - log_q[:, t])).sum(dim=1).mean()))
    return losses


def smaller() -> ExposureConfig:
    """The same experiment, small enough for a test."""
    return ExposureConfig(
        steps=(60,), counted=(60,), seeds=3, length=12, width=32, texts=1000
    )
