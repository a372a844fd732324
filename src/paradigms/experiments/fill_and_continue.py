"""Filling a middle and continuing a prefix, by five kinds of model of one size.

On a made language the true probability of every filling is known: what a model loses is
the distance of its distribution from the true one.  On real sentences what counts is
what it says of the words that stood there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from paradigms.corpora import movie_reviews
from paradigms.corpora.made_language import FIRST, MadeLanguage
from paradigms.intervals import interval
from paradigms.masks import bidirectional, causal
from paradigms.models import t5
from paradigms.models.gpt import GPT
from paradigms.models.gpt import Config as Size
from paradigms.objectives import (
    IGNORE,
    Gap,
    Specials,
    fill_in_the_middle,
    next_token,
)
from paradigms.parts import Each, in_turn
from paradigms.pretraining import Batch, Objective, objectives, pretrain
from paradigms.tokenizer import Vocabulary, words
from paradigms.training import Recipe

QUESTION = "Who fills a gap, and who continues a text, how well?"
IDS = Specials()
MODELS = ("GPT", "GPT, fill-in-the-middle", "BERT", "masked diffusion", "T5")


@dataclass(frozen=True)
class Config:
    """A gap of `gap` words at `start`; a continuation of as many from there on."""

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


CONFIG = Config()
Ask = Callable[[Tensor], Tensor]  # texts so far -> logits of the next new word (N, V)


class Source(NamedTuple):
    """Texts for training and for the question; the language, if it was made."""

    pool: Tensor
    test: Tensor
    vocabulary: int  # ids of words end here; sentinels and markers follow
    language: MadeLanguage | None


def run(config: Config, each: Each = in_turn) -> list[dict[str, Any]]:
    """A row for source and model: nats a word of what stood there, in both tasks."""
    items = list(product(("made language", "reviews"), MODELS, range(config.seeds)))
    found = each(items, lambda item: scores(config, *item))
    rows = []
    for source, model in product(("made language", "reviews"), MODELS):
        of = [
            f
            for item, f in zip(items, found, strict=True)
            if item[:2] == (source, model)
        ]
        row = {column: interval(tuple(f[column] for f in of)) for column in of[0]}
        rows.append({"name": f"{source}, {model}"} | row)
    return rows


def source(config: Config, name: str, seed: int) -> Source:
    """The texts of a seed; all models of it are given the same."""
    dice = torch.Generator().manual_seed(seed)
    if name == "made language":
        language = MadeLanguage(config.words, seed)
        pool = language.sample(config.steps * config.batch, config.length, dice)
        test = language.sample(config.texts, config.length, dice)
        return Source(pool, test, language.vocabulary, language)
    parts = movie_reviews.split("rotten_tomatoes", seed)
    train = [words(review.text) for review in parts["train"]]
    known = Vocabulary(train, config.vocabulary)
    windows = [
        torch.tensor([known.encode(text) for text in cut if text]) + FIRST
        for cut in (
            pieces(texts, known, config.length)
            for texts in (train, [words(review.text) for review in parts["test"]])
        )
    ]
    shape = (config.real_steps * config.batch,)
    chosen = torch.randint(len(windows[0]), shape, generator=dice)
    return Source(windows[0][chosen], windows[1], FIRST + len(known), None)


def pieces(texts: list[list[str]], known: Vocabulary, length: int) -> list[list[str]]:
    """Sentences cut into pieces of as many known words; what is left over goes."""
    found = []
    for text in texts:
        kept = [word for word in text if word in known.index]
        found += [
            kept[i : i + length] for i in range(0, len(kept) - length + 1, length)
        ]
    return found


def scores(config: Config, name: str, model: str, seed: int) -> dict[str, float]:
    """Nats a word, and what is lost against the source, for both tasks."""
    given = source(config, name, seed)
    torch.manual_seed(seed)
    network, objective = learner(config, model, given.vocabulary)
    steps = len(given.pool) // config.batch
    pretrain(
        network,
        objective,
        lambda step: given.pool[step * config.batch : (step + 1) * config.batch],
        Recipe(steps, 5e-3, warmup=50),
        seed,
    )
    stop = config.start + config.gap
    found: dict[str, float] = {}
    for task, after in (("fill", given.test[:, stop:]), ("continue", None)):
        ask = asker(network, model, config, given.vocabulary, after)
        with torch.no_grad():
            nats, right = said(ask, given.test, config.start, stop, given.vocabulary)
        found[task] = nats
        found[f"{task}, right"] = right
        if given.language is not None:
            found[f"{task}, lost"] = nats - own(given, config, task)
    return found


def own(given: Source, config: Config, task: str) -> float:
    """Nats a word by the source itself: what nothing can beat on average."""
    assert given.language is not None
    start, stop = config.start, config.start + config.gap
    if task == "continue":
        return -float(given.language.log_p(given.test)[:, start:stop].mean())
    shares = given.language.gap(given.test, start, stop)
    powers = config.words ** torch.arange(config.gap - 1, -1, -1)
    place = ((given.test[:, start:stop] - FIRST) * powers).sum(dim=1)
    return -float(shares.gather(1, place[:, None]).log().mean()) / config.gap


def said(
    ask: Ask, texts: Tensor, start: int, stop: int, vocabulary: int
) -> tuple[float, float]:
    """Nats a word of the words that stood there, one after the other; share right.

    Only words can be answers: the length of the gap is given.
    """
    nats, right = 0.0, 0.0
    for place in range(start, stop):
        logits = ask(texts[:, :place])[:, FIRST:vocabulary]
        word = texts[:, place] - FIRST
        nats += float(F.cross_entropy(logits, word)) / (stop - start)
        right += float((logits.argmax(dim=1) == word).double().mean()) / (stop - start)
    return nats, right


def learner(config: Config, model: str, vocabulary: int) -> tuple[nn.Module, Objective]:
    """A network with its objective; three ids beyond the words are marks."""
    marks = [vocabulary, vocabulary + 1, vocabulary + 2]
    # Markers and EOS make texts longer by four.
    size = Size(vocabulary + 3, config.length + 5, config.width, 2, 4)
    if model == "T5":
        shape = t5.Config(
            vocabulary=vocabulary + 3, width=config.width, layers=1, heads=4,
            head_width=config.width // 4, hidden=4 * config.width, gated=False,
        )  # fmt: skip
        return t5.T5(shape), Spans(damaged(config, marks))
    if model == "GPT, fill-in-the-middle":
        return GPT(size), Objective(moved(Gap(*marks)))
    names = {"GPT": "next token", "BERT": "masked"}
    return GPT(size), objectives(vocabulary)[names.get(model, model)]


class Spans(Objective):
    """Span corruption for an encoder-decoder: the batch holds source and target."""

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        inputs, targets = batch
        start = torch.full_like(targets[:, :1], IDS.pad)  # T5 starts with padding
        logits = network(inputs, torch.cat([start, targets[:, :-1]], dim=1))
        losses = F.cross_entropy(logits.transpose(1, 2), targets, reduction="sum")
        return losses, torch.tensor(targets.numel())


def damaged(
    config: Config, marks: list[int]
) -> Callable[[Tensor, torch.Generator], Batch]:
    """One span of `gap` words out of each text, its place drawn uniformly.

    T5's own way of drawing spans lets every text end in one: a single span would always
    be the last words, and a middle would never be asked for.
    """

    def show(tokens: Tensor, dice: torch.Generator) -> Batch:
        rows, length = tokens.shape
        starts = torch.randint(length - config.gap + 1, (rows, 1), generator=dice)
        place = torch.arange(length).expand(rows, -1)
        hidden = (place >= starts) & (place < starts + config.gap)
        first = place == starts
        source = tokens.masked_fill(first, marks[0])[~hidden | first]
        ends = torch.tensor(marks[:2]).expand(rows, -1)
        span = tokens[hidden].view(rows, config.gap)
        target = torch.cat([ends[:, :1], span, ends[:, 1:]], dim=1)
        return source.view(rows, -1), target

    return show


def moved(gap: Gap) -> Callable[[Tensor, torch.Generator], Batch]:
    """Half of the texts as they are, half with their middle last; padded to one."""

    def show(tokens: Tensor, dice: torch.Generator) -> Batch:
        rows = [
            torch.tensor(fill_in_the_middle(row, gap, dice, suffix_first=0.0))
            for row in tokens.tolist()
        ]
        long = nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=IDS.pad)
        inputs, targets = next_token(long)
        return inputs, targets.masked_fill(targets == IDS.pad, IGNORE)

    return show


def asker(
    network: Any, model: str, config: Config, vocabulary: int, after: Tensor | None
) -> Ask:
    """How each model is asked for the next word of a gap, or of a continuation.

    What is known stands in the texts so far (N, t) and, for a gap, in `after`.
    """
    gap = Gap(vocabulary, vocabulary + 1, vocabulary + 2)

    def column(like: Tensor, token: int, count: int = 1) -> Tensor:
        return torch.full((len(like), count), token)

    def gpt(text: Tensor) -> Tensor:
        return network(torch.cat([column(text, IDS.bos), text], dim=1), causal)[:, -1]

    def middle_last(text: Tensor) -> Tensor:
        assert after is not None
        before, middle = text[:, : config.start], text[:, config.start :]
        prompt = [
            column(text, IDS.bos), column(text, gap.prefix), before,
            column(text, gap.suffix), after, column(text, gap.middle), middle,
        ]  # fmt: skip
        return network(torch.cat(prompt, dim=1), causal)[:, -1]

    def blanks(text: Tensor) -> Tensor:
        place, behind = text.shape[1], 0 if after is None else after.shape[1]
        hidden = column(text, IDS.mask, config.length - place - behind)
        parts = [text, hidden, *([] if after is None else [after])]
        return network(torch.cat(parts, dim=1), bidirectional)[:, place]

    def sentinel(text: Tensor) -> Tensor:
        mark = column(text, vocabulary)
        known = [text[:, : config.start], mark, *([] if after is None else [after])]
        written = [column(text, IDS.pad), mark, text[:, config.start :]]
        return network(torch.cat(known, dim=1), torch.cat(written, dim=1))[:, -1]

    if model == "T5":
        return sentinel
    if model in ("BERT", "masked diffusion"):
        return blanks
    moved_too = model == "GPT, fill-in-the-middle" and after is not None
    return middle_last if moved_too else gpt


def smaller() -> Config:
    """The same question at a size that a test can afford."""
    return Config(
        seeds=2, words=4, length=8, start=3, width=32, steps=150, texts=300,
        vocabulary=100, real_steps=60,
    )  # fmt: skip
