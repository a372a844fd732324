"""Infilling and continuation, by five kinds of model of one size.

On a synthetic language the true probability of every infilling is known: a model's
excess loss is the distance of its distribution from the true one.  On real sentences
the score is the log-loss of the original words.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from paradigms.data import movie_reviews
from paradigms.data.markov_language import FIRST, MarkovLanguage
from paradigms.data.special_tokens import IGNORE, SpecialTokens
from paradigms.data.tokenizer import Vocabulary, words
from paradigms.evaluation.statistics import t_interval
from paradigms.experiments.encoder_decoder import scaled
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.masks import bidirectional, causal
from paradigms.models import gpt, t5
from paradigms.objectives import Gap, next_token
from paradigms.training.loop import TrainingConfig
from paradigms.training.pretraining import (
    Batch,
    Objective,
    objectives,
    one_span,
    pretrain,
)

QUESTION = "Who fills a gap, and who continues a text, how well?"
IDS = SpecialTokens()
MIDDLE = "GPT, fill-in-the-middle"
MODELS = ("GPT", MIDDLE, "BERT", "masked diffusion", "T5")
COUNTS = "word frequencies"
SOURCES, TASKS = ("made language", "reviews"), ("fill", "continue")


@dataclass(frozen=True)
class FillAndContinueConfig:
    """A gap of `gap` words at `start`; a continuation of as many words from there.

    One rate for all five models: neither 0.002 nor 0.005 was better for all, after 700
    steps on the synthetic language of seed 100, which is not among the seeds.
    """

    seeds: int = 3
    words: int = 4
    length: int = 10
    start: int = 4
    gap: int = 2
    width: int = 48
    batch: int = 64
    steps: int = 2000
    texts: int = 1000
    vocabulary: int = 500  # words of real sentences; others are left out
    real_steps: int = 600
    rate: float = 5e-3


CONFIG = FillAndContinueConfig()
Ask = Callable[[Tensor], Tensor]  # texts so far -> logits of the next new word (N, V)


class Source(NamedTuple):
    """Training and test texts; the language, if it is synthetic."""

    pool: Tensor
    test: Tensor
    vocabulary: int  # ids of words end here; sentinels and markers follow
    language: MarkovLanguage | None


def run(config: FillAndContinueConfig, each: Each = serial_map) -> list[dict[str, Any]]:
    """A row per source and model; and for each model minus the GPT, paired by seed."""
    items = list(product(SOURCES, (*MODELS, COUNTS), range(config.seeds)))
    results = each(items, lambda item: scores(config, *item))
    by_model: dict[tuple[str, str], list[dict[str, float]]] = {}
    for (name, model, _), nats in zip(items, results, strict=True):
        by_model.setdefault((name, model), []).append(nats)
    rows: list[dict[str, Any]] = []
    for (name, model), runs in by_model.items():
        row = {key: t_interval(tuple(seed[key] for seed in runs)) for key in runs[0]}
        rows.append({"name": f"{name}, {model}"} | row)
    for name, model in product(SOURCES, (*MODELS[1:], COUNTS)):
        pairs = list(zip(by_model[name, model], by_model[name, "GPT"], strict=True))
        row = {t: t_interval(tuple(a[t] - b[t] for a, b in pairs)) for t in TASKS}
        rows.append({"name": f"{name}, {model} - GPT"} | row)
    return rows


def source(config: FillAndContinueConfig, name: str, seed: int) -> Source:
    """The texts of a seed, the same for all models."""
    rng = torch.Generator().manual_seed(seed)
    if name == "made language":
        language = MarkovLanguage(config.words, seed)
        pool = language.sample(config.steps * config.batch, config.length, rng)
        test = language.sample(config.texts, config.length, rng)
        return Source(pool, test, language.vocabulary, language)
    parts = movie_reviews.split("rotten_tomatoes", seed)
    train_texts, test_texts = (
        [words(r.text) for r in parts[n]] for n in ("train", "test")
    )
    vocabulary = Vocabulary(train_texts, config.vocabulary)
    pool, test = (
        pieces(texts, vocabulary, config.length) for texts in (train_texts, test_texts)
    )
    count = config.real_steps * config.batch
    indices = torch.randint(len(pool), (count,), generator=rng)
    return Source(pool[indices], test, FIRST + len(vocabulary), None)


def pieces(texts: list[list[str]], known: Vocabulary, length: int) -> Tensor:
    """Sentences without unknown words, cut to `length`; remainders are dropped."""
    rows = []
    for text in texts:
        ids = known.encode([word for word in text if word in known.index])
        rows += [ids[i - length : i] for i in range(length, len(ids) + 1, length)]
    return torch.tensor(rows) + FIRST


def scores(
    config: FillAndContinueConfig, name: str, model: str, seed: int
) -> dict[str, float]:
    """Nats per original word, and the excess over the source.

    `wrong suffix`: the same gap before another text's suffix, a cost to models that use
    it.
    """
    data = source(config, name, seed)
    torch.manual_seed(seed)
    network = None if model == COUNTS else trained(config, model, data, seed)
    suffixes = data.test[:, config.start + config.gap :]
    results: dict[str, float] = {}
    tasks = {
        "fill": suffixes,
        "wrong suffix": suffixes.roll(1, dims=0),
        "continue": None,
    }
    for task, suffix in tasks.items():
        predict = frequencies(data)
        if network is not None:
            predict = asker(network, model, config, data.vocabulary, suffix)
        results[task], results[f"{task}, right"] = nats_and_accuracy(
            predict, data, config
        )
        if data.language is not None and task != "wrong suffix":
            results[f"{task}, lost"] = results[task] - own(data, config, task)
    return results | {"wrong suffix costs": results["wrong suffix"] - results["fill"]}


def trained(
    config: FillAndContinueConfig, model: str, given: Source, seed: int
) -> nn.Module:
    """A network trained for one epoch on the pool."""
    network, objective = learner(config, model, given.vocabulary)
    batches = given.pool.split(config.batch)
    recipe = TrainingConfig(len(batches), config.rate, warmup=50)
    pretrain(scaled(network), objective, batches.__getitem__, recipe, seed)
    return network


def frequencies(given: Source) -> Ask:
    """Unigram log-counts of the training texts, with add-one smoothing."""
    counts = given.pool.flatten().bincount(minlength=given.vocabulary) + 1.0
    return lambda text: counts.log().expand(len(text), -1)


def own(given: Source, config: FillAndContinueConfig, task: str) -> float:
    """Nats per word under the source itself: the lower bound in expectation."""
    assert given.language is not None
    start, stop = config.start, config.start + config.gap
    if task == "continue":
        return -float(given.language.log_p(given.test)[:, start:stop].mean())
    probabilities = given.language.gap(given.test, start, stop)
    powers = config.words ** torch.arange(config.gap - 1, -1, -1)
    index = ((given.test[:, start:stop] - FIRST) * powers).sum(dim=1)
    return -float(probabilities.gather(1, index[:, None]).log().mean()) / config.gap


@torch.no_grad()
def nats_and_accuracy(
    ask: Ask, given: Source, config: FillAndContinueConfig
) -> tuple[float, float]:
    """Nats per original word, predicted one after the other, and accuracy.

    Special tokens are excluded: the length of the gap is given.
    """
    nats, correct = 0.0, 0.0
    for position in range(config.start, config.start + config.gap):
        logits = ask(given.test[:, :position])[:, FIRST : given.vocabulary]
        word = given.test[:, position] - FIRST
        nats += float(F.cross_entropy(logits, word)) / config.gap
        correct += float((logits.argmax(dim=1) == word).double().mean()) / config.gap
    return nats, correct


def learner(
    config: FillAndContinueConfig, model: str, vocabulary: int
) -> tuple[nn.Module, Objective]:
    """A network with its objective; three ids after the words are markers."""
    markers = [vocabulary, vocabulary + 1, vocabulary + 2]
    gpt_config = gpt.GPTConfig(vocabulary + 3, config.length + 5, config.width, 2, 4)
    if model == "T5":
        t5_config = t5.T5Config(
            vocabulary=vocabulary + 3,
            width=config.width,
            layers=1,
            heads=4,
            head_width=config.width // 4,
            hidden=4 * config.width,
            gated=False,
        )
        return t5.T5(t5_config), Spans(one_span(config.gap, (markers[0], markers[1])))
    if model == MIDDLE:
        return gpt.GPT(gpt_config), Objective(moved(config, Gap(*markers)))
    names = {"GPT": "next token", "BERT": "masked"}
    return gpt.GPT(gpt_config), objectives(vocabulary)[names.get(model, model)]


class Spans(Objective):
    """Span corruption for an encoder-decoder: the batch holds source and target."""

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        inputs, targets = batch
        start = torch.full_like(targets[:, :1], IDS.pad)  # T5 starts with padding
        logits = network(inputs, torch.cat([start, targets[:, :-1]], dim=1))
        losses = F.cross_entropy(logits.transpose(1, 2), targets, reduction="sum")
        return losses, torch.tensor(targets.numel())


def moved(
    config: FillAndContinueConfig, gap: Gap
) -> Callable[[Tensor, torch.Generator], Batch]:
    """Fill-in-the-middle for half of the texts; all are padded to one length.

    The middle is a gap like those of T5 here; the authors cut at any two positions.
    """
    cut = one_span(config.gap, (gap.suffix, IDS.eos))

    def show(tokens: Tensor, dice: torch.Generator) -> Batch:
        plain, texts = tokens.tensor_split(2)
        source, target = cut(texts, dice)  # before SUFFIX after, SUFFIX middle EOS
        target[:, 0] = gap.middle
        last = F.pad(torch.cat([source, target], dim=1), (1, 0), value=gap.prefix)
        plain = F.pad(plain, (0, 1), value=IDS.eos)
        plain = F.pad(plain, (0, last.shape[1] - plain.shape[1]), value=IDS.pad)
        inputs, targets = next_token(torch.cat([plain, last]))
        return inputs, targets.masked_fill(targets == IDS.pad, IGNORE)

    return show


def asker(
    network: Any,
    model: str,
    config: FillAndContinueConfig,
    vocabulary: int,
    after: Tensor | None,
) -> Ask:
    """A model's logits of the next word, given texts (N, t) and the suffix `after`."""
    gap = Gap(vocabulary, vocabulary + 1, vocabulary + 2)

    def column(like: Tensor, token: int, count: int = 1) -> Tensor:
        return torch.full((len(like), count), token)

    def causal_logits(text: Tensor) -> Tensor:
        return network(torch.cat([column(text, IDS.bos), text], dim=1), causal)[:, -1]

    def fim_logits(text: Tensor) -> Tensor:
        assert after is not None
        prefix, middle = text[:, : config.start], text[:, config.start :]
        prompt = [
            column(text, IDS.bos),
            column(text, gap.prefix),
            prefix,
            column(text, gap.suffix),
            after,
            column(text, gap.middle),
            middle,
        ]
        return network(torch.cat(prompt, dim=1), causal)[:, -1]

    def masked_logits(text: Tensor) -> Tensor:
        position, suffix_length = text.shape[1], 0 if after is None else after.shape[1]
        masks = column(text, IDS.mask, config.length - position - suffix_length)
        parts = [text, masks, *([] if after is None else [after])]
        return network(torch.cat(parts, dim=1), bidirectional)[:, position]

    def t5_logits(text: Tensor) -> Tensor:
        mark = column(text, vocabulary)
        inputs = [text[:, : config.start], mark, *([] if after is None else [after])]
        decoded = [column(text, IDS.pad), mark, text[:, config.start :]]
        return network(torch.cat(inputs, dim=1), torch.cat(decoded, dim=1))[:, -1]

    if model == "T5":
        return t5_logits
    if model in ("BERT", "masked diffusion"):
        return masked_logits
    use_fim = model == MIDDLE and after is not None
    return fim_logits if use_fim else causal_logits


def smaller() -> FillAndContinueConfig:
    """The same experiment, small enough for a test."""
    return FillAndContinueConfig(
        seeds=2,
        words=4,
        length=8,
        start=3,
        width=32,
        steps=150,
        texts=300,
        vocabulary=100,
        real_steps=60,
    )
