"""Teacher-forced against free-running error, position by position, on a known source.

A network conditions on true text in training and on its own samples in use.  Here the
true distribution after any context is known, so that both errors are exact given the
context.  One source has a memory of two words; the other keeps a running count, which a
network's own samples can drive away from zero.
"""

from dataclasses import dataclass
from itertools import product
from statistics import mean

import torch
from torch import Tensor

from paradigms.data.markov_language import FIRST, MarkovLanguage
from paradigms.data.special_tokens import SPECIALS
from paradigms.evaluation.statistics import band, intervals
from paradigms.experiments.outcome import Outcome, Row
from paradigms.experiments.pictures import Bands, Picture
from paradigms.experiments.runner.resume import Each, results_by_item, serial_map
from paradigms.generation.decoding import sample, without_special_tokens
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.objectives import next_token
from paradigms.training.loop import TrainingConfig
from paradigms.training.pretraining import in_order, objectives, pretrain

COUNTED = "running count"
QUESTION = "Do errors grow when a model conditions on its own samples?"
TRUE, OWN = "true texts", "own samples"
CONTEXTS = (TRUE, OWN)
Point = tuple[float, float, float, float]
Errors = dict[str, dict[str, list[float]]]  # by context and column


@dataclass(frozen=True)
class ExposureConfig:
    """A briefly and a longer trained network; each seed has another language.

    The last `edge` positions are trained but not scored: few later positions attend to
    them, so their position embeddings learn more slowly.
    """

    steps: tuple[int, ...] = (100, 1000)
    counting_steps: tuple[int, ...] = (100, 500)  # steps on the source that counts
    seeds: int = 5
    words: int = 8
    length: int = 24
    edge: int = 3
    pull: float = 1.0
    width: int = 64
    batch: int = 64
    texts: int = 4000  # for each of the two contexts


CONFIG = ExposureConfig()


class CountingLanguage(MarkovLanguage):
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

    # The signature is that of the base class.
    def gap(self, texts: Tensor, start: int, stop: int) -> Tensor:  # noqa: ARG002
        """Not available: a gap changes the count of later words. Errors: ValueError."""
        raise ValueError(
            f"gap {start} to {stop}: a source that counts has none; use MarkovLanguage"
        )


def run(config: ExposureConfig, each: Each = serial_map) -> Outcome:
    """A row per training length and context: divergence per word, early and late.

    First for the source with a memory of two words, then for the one that counts.
    """
    rows: list[Row] = []
    figures: dict[str, Picture] = {}
    for counts, step_counts in ((False, config.steps), (True, config.counting_steps)):
        items = product((counts,), step_counts, range(config.seeds))
        results = results_by_item(each, items, lambda item: errors(config, *item))
        prefix = f"{COUNTED}, " if counts else ""
        bands: dict[str, list[Point]] = {}
        for steps in step_counts:
            runs = [results[counts, steps, seed] for seed in range(config.seeds)]
            rows += rows_of(f"{prefix}{steps} steps", runs)
            bands |= error_bands(f"{steps} steps", runs)
        figures[f"{rows[-1]['name']}/errors"] = Bands(bands=bands)
    return Outcome(rows, figures)


def error_bands(label: str, runs: list[Errors]) -> dict[str, list[Point]]:
    """For a figure: divergence at each position, in both contexts."""
    bands = {}
    for context in CONTEXTS:
        by_position = zip(*(run[context]["nats"] for run in runs), strict=True)
        bands[f"{context}, {label}"] = band(dict(enumerate(by_position, start=1)))
    return bands


RARE = "words with probability below 0.01"
FAR = "texts with a final count beyond 3"
SHARES = (RARE, FAR)


def rows_of(label: str, runs: list[Errors]) -> list[Row]:
    """A row for each context, and one for the cost of the network's own samples."""
    rows: list[Row] = [
        {"name": f"{label}, {context}"}
        | intervals([columns(run[context]) for run in runs], SHARES)
        for context in CONTEXTS
    ]
    extra = [
        added_loss(*(columns(run[context]) for context in CONTEXTS)) for run in runs
    ]
    return [*rows, {"name": f"{label}, {OWN} - {TRUE}"} | intervals(extra)]


EARLY, LATE = "KL divergence, first third", "KL divergence, last third"


def columns(result: dict[str, list[float]]) -> dict[str, float]:
    """Mean divergence in the first and the last third of positions, and shares.

    The first two positions are left out.
    """
    nats = result["nats"]
    third = len(nats) // 3
    means = {EARLY: mean(nats[2:third]), LATE: mean(nats[-third:])}
    return means | {name: v[0] for name, v in result.items() if name != "nats"}


def added_loss(truth: dict[str, float], own: dict[str, float]) -> dict[str, float]:
    """Divergence after the network's own samples minus divergence after true texts.

    `growth`: the difference in the last third minus the difference in the first.
    """
    late, early = (own[part] - truth[part] for part in (LATE, EARLY))
    return {
        "difference, last third": late,
        "difference, first third": early,
        "growth": late - early,
        "ratio, last third": own[LATE] / truth[LATE],
    }


def errors(config: ExposureConfig, counts: bool, steps: int, seed: int) -> Errors:
    """Divergence at each position, on contexts from the source or from the network.

    Also the share of words with P < 0.01 under the source and, if it counts, of
    texts whose count ends more than three from zero; each a list of one.
    """
    torch.manual_seed(seed)
    rng = torch.Generator().manual_seed(seed)
    language = (
        CountingLanguage(config.words, seed, config.pull)
        if counts
        else MarkovLanguage(config.words, seed)
    )
    network = GPT(GPTConfig(language.vocabulary, config.length + 1, config.width, 2, 4))
    pool = language.sample(steps * config.batch, config.length, rng)
    pretrain(
        network,
        objectives(language.vocabulary)["next token"],
        in_order(pool, config.batch),
        TrainingConfig(steps, 2e-3, warmup=50),
        seed,
    )
    start = torch.full((config.texts, 1), SPECIALS.bos)
    # Special tokens are excluded, as the source has none.
    scored_length = config.length - config.edge
    own_texts = sample(without_special_tokens(network), start, scored_length, rng)[
        :, 1:
    ]
    texts = (language.sample(config.texts, scored_length, rng), own_texts)
    return {
        context: column_values(network, language, contexts)
        for context, contexts in zip(CONTEXTS, texts, strict=True)
    }


def column_values(
    network: GPT, language: MarkovLanguage, texts: Tensor
) -> dict[str, list[float]]:
    """Divergence at each position of texts (N, T), and shares as lists of one."""
    rare = (language.log_p(texts).exp() < 0.01).double().mean()
    values = {"nats": divergences(network, language, texts), RARE: [float(rare)]}
    if isinstance(language, CountingLanguage):
        far = (language.count(texts).abs() > 3).double().mean()
        values[FAR] = [float(far)]
    return values


@torch.no_grad()
def divergences(network: GPT, language: MarkovLanguage, texts: Tensor) -> list[float]:
    """KL(source || network) of the next word by position, mean over the contexts."""
    inputs, _ = next_token(texts)
    logits = network(inputs)[..., FIRST:]
    log_q = logits.double().log_softmax(dim=-1)  # (N, T, V)
    losses = []
    for t in range(texts.shape[1]):
        p = language.after(texts[:, :t])  # (N, V)
        losses.append(float((p * (p.log() - log_q[:, t])).sum(dim=1).mean()))
    return losses


def smaller() -> ExposureConfig:
    """The same experiment, small enough for a test."""
    return ExposureConfig(
        steps=(60,), counting_steps=(60,), seeds=3, length=12, width=32, texts=1000
    )
