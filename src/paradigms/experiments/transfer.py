"""Pretraining on reviews without labels, then tuning on few labels.

One network, twice: under the causal rule with the next token as target, as GPT, and
under the bidirectional rule with masked tokens, as BERT.  Nothing else differs: shape,
first weights, texts, number of steps and the mean state that is read are the same.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import torch
from torch import Tensor

from paradigms.data import label_subsets, movie_reviews
from paradigms.data.tokenizer import Vocabulary, words
from paradigms.evaluation.statistics import t_interval
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.models.gpt import GPTConfig
from paradigms.models.logistic_regression import LogisticRegression
from paradigms.training.finetuning import Plan, judged, tuned
from paradigms.training.loop import Batch, TrainingConfig, train
from paradigms.training.two_rules import (
    RULES,
    SPECIALS,
    Words,
    asked,
    mean_state,
    table,
    word_loss,
)

QUESTION = "What is pretraining on texts without labels worth, for both objectives?"
COUNTED = "words counted"
STARTS = ("pretrained", "from scratch")
Pairs = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class TransferConfig:
    """Sizes of data and network; `steps` of tuning for each number of labels.

    The texts are the last `tokens` - 1 known words of IMDB reviews; the texts without
    labels are these and as many words before them, of the training part.  As many texts
    of the validation part as there are labels, `choosing` at most, choose among `rates`
    and `moments` of tuning, and among `penalties` of each logistic regression.
    Sizes were settled on seed 0, which is not among the seeds.
    """

    steps: Pairs = ((50, 100), (200, 160), (1000, 360), (5000, 800))
    seeds: tuple[int, ...] = (3, 4, 5, 6)
    vocabulary: int = 1000
    tokens: int = 24
    width: int = 64
    layers: int = 2
    heads: int = 4
    pretraining: int = 1000
    pretraining_rate: float = 3e-3
    pretraining_batch: int = 64
    batch: int = 32
    choosing: int = 1000
    rates: tuple[float, ...] = (5e-4, 2e-3)
    moments: int = 4
    penalties: tuple[float, ...] = (1e-3, 1e-2, 1e-1)


CONFIG = TransferConfig()


def run(config: TransferConfig, each: Each = serial_map) -> list[dict[str, Any]]:
    """Rows: error by kind and labels, differences, losses on words."""
    items = [(rule, seed) for rule in RULES for seed in config.seeds]
    parts = each(items, lambda item: one_network(config, *item))
    counted = each(config.seeds, lambda seed: counted_words(config, seed))
    errors = {COUNTED: [found["errors"] for found in counted]}
    losses = {COUNTED: [found["loss"] for found in counted]}
    moments = {}
    for place, rule in enumerate(RULES):
        found = parts[place * len(config.seeds) :][: len(config.seeds)]
        losses[rule] = [part["loss"] for part in found]
        for what, into in (("errors", errors), ("moments", moments)):
            for kind in found[0][what]:
                into[f"{rule}, {kind}"] = [part[what][kind] for part in found]
    rows: list[dict[str, Any]] = [
        {"name": name, **by_size(config, found)} for name, found in errors.items()
    ]
    rows[0]["pictures"] = {kind: drawn(rows, kind) for kind in ("tuned", "frozen")}
    for row in rows:
        if row["name"] in moments:
            row |= by_size(config, moments[row["name"]], "steps at")
    rows += differences(config, errors)
    rows += [
        {"name": f"{n}, words", "loss": t_interval(tuple(f))} for n, f in losses.items()
    ]
    seen = t_interval(tuple(found["seen"] for found in counted))
    rows.append({"name": "test endings", "among texts without labels": seen})
    return rows


def drawn(rows: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    """For a figure: counted words and what is `tuned` or `frozen`, by labels."""
    shown = [r for r in rows if r["name"] == COUNTED or r["name"].endswith(kind)]
    return {"bands": {r["name"].replace(f", {kind}", ""): points(r) for r in shown}}


def differences(
    config: TransferConfig, errors: dict[str, list[list[float]]]
) -> list[dict[str, Any]]:
    """Seed by seed: what pretraining changes, and networks beside counted words."""
    pairs = {}
    for rule in RULES:
        for kind in ("tuned", "frozen"):
            ends = [f"{rule}, {start}, {kind}" for start in STARTS]
            pairs[f"{rule}, {' - '.join(STARTS)}, {kind}"] = ends
            pairs[f"{ends[0]} - {COUNTED}"] = [ends[0], COUNTED]
    rows = []
    for name, ends in pairs.items():
        a, b = (torch.tensor(errors[end], dtype=torch.float64) for end in ends)
        rows.append({"name": name, **by_size(config, (a - b).tolist())})
    return rows


def by_size(
    config: TransferConfig, found: list[list[float]], said: str = "at"
) -> dict[str, list[float]]:
    """Mean and interval over the seeds for each number of labels."""
    columns = zip(*found, strict=True)
    return {
        f"{said} {size}": t_interval(tuple(values))
        for (size, _), values in zip(config.steps, columns, strict=True)
    }


def points(row: dict[str, Any]) -> list[list[float]]:
    """For a figure: labels, mean, low and high, rounded."""
    return [[int(k[3:]), *(round(v, 4) for v in row[k])] for k in row if k[:3] == "at "]


class Data(NamedTuple):
    """Rows of ids (N, T), each [BOS], words, padding; labels (N,) of three parts."""

    unlabelled: Tensor
    rows: dict[str, Tensor]
    labels: dict[str, Tensor]


@cache
def data(config: TransferConfig, seed: int) -> Data:
    """One split: the end of each review with its label, and the words before it."""
    parts = movie_reviews.split("imdb", seed)
    texts = {part: [words(r.text) for r in found] for part, found in parts.items()}
    known = Vocabulary(texts["train"], config.vocabulary - SPECIALS.first_word)
    ids = {part: [known.encode(t) for t in found] for part, found in texts.items()}
    room = config.tokens - 1  # after the first symbol
    before = [text[-2 * room : -room] for text in ids["train"] if len(text) > room]
    ends = {
        part: table([text[-room:] for text in found], config.tokens)
        for part, found in ids.items()
    }
    return Data(
        torch.cat([ends["train"], table(before, config.tokens)]),
        ends,
        {part: torch.tensor([r.label for r in parts[part]]) for part in ends},
    )


def pretrained(config: TransferConfig, objective: str, seed: int) -> Words:
    """The network after `pretraining` steps on texts without labels."""
    network, found = untrained(config, objective, seed), data(config, seed).unlabelled
    dice = torch.Generator().manual_seed(seed)

    def batch(_: int) -> Batch:
        size = (config.pretraining_batch,)
        rows = found[torch.randint(len(found), size, generator=dice)]
        return asked(objective, rows, config.vocabulary, dice)

    recipe = TrainingConfig(config.pretraining, config.pretraining_rate)
    train(network, batch, word_loss, recipe)
    return network


def untrained(config: TransferConfig, objective: str, seed: int) -> Words:
    """The same first weights under both rules."""
    torch.manual_seed(seed)
    shape = GPTConfig(
        config.vocabulary, config.tokens, config.width, config.layers, config.heads
    )
    return Words(shape, RULES[objective]).eval()


def one_network(config: TransferConfig, objective: str, seed: int) -> dict[str, Any]:
    """Test errors by kind and best moments by start, by labels; the loss on words."""
    found = data(config, seed)
    starts = [make(config, objective, seed) for make in (pretrained, untrained)]
    errors, moments = {}, {}
    for name, start in zip(STARTS, starts, strict=True):
        states = standard(start, found.rows)
        some = draws(config, found, seed)
        errors[f"{name}, frozen"] = [
            counted_error(config, states, found.labels, chosen) for chosen, _ in some
        ]
        learnt = [tuned_error(config, start, found, *draw) for draw in some]
        errors[f"{name}, tuned"] = [error for error, _ in learnt]
        moments[f"{name}, tuned"] = [moment for _, moment in learnt]
    dice = torch.Generator().manual_seed(0)
    batch = asked(objective, found.rows["test"], config.vocabulary, dice)
    with torch.no_grad():
        total, count = word_loss(starts[0], batch)
    return {"errors": errors, "moments": moments, "loss": float(total / count)}


def draws(config: TransferConfig, found: Data, seed: int) -> list[tuple[Tensor, int]]:
    """Places of labelled texts and steps of tuning: the same for every model."""
    dice = torch.Generator().manual_seed(seed)
    labels = found.labels["train"]
    return [
        (label_subsets.draw_subset(labels, size, dice), steps)
        for size, steps in config.steps
    ]


def standard(network: Words, rows: dict[str, Tensor]) -> dict[str, Tensor]:
    """Mean states (N, W) of each part, in deviations of those of the training part."""
    with torch.no_grad():
        states = {part: mean_state(network.states(x), x) for part, x in rows.items()}
    deviation, mean = torch.std_mean(states["train"], dim=0)
    return {part: (found - mean) / deviation for part, found in states.items()}


def held(config: TransferConfig, chosen: Tensor) -> slice:
    """The texts that choose: as many as there are labels to learn from, or fewer."""
    return slice(min(len(chosen), config.choosing))


def counted_error(
    config: TransferConfig,
    x: dict[str, Tensor],
    labels: dict[str, Tensor],
    chosen: Tensor,
) -> float:
    """Logistic regression with the penalty that errs least on the validation part."""
    some, found = held(config, chosen), []
    for penalty in config.penalties:
        model = LogisticRegression(2, penalty)
        model.fit(x["train"][chosen].double(), labels["train"][chosen])
        logits = model.logits(x["validation"][some].double())
        score = judged(logits, labels["validation"][some])
        test = judged(model.logits(x["test"].double()), labels["test"])[0]
        found.append((score, test))
    return min(found)[1]


def counts(rows: Tensor, vocabulary: int) -> Tensor:
    """How often each word stands in each text: rows (N, T) -> (N, V)."""
    real = (rows >= SPECIALS.first_word).float()
    return torch.zeros(len(rows), vocabulary).scatter_add_(1, rows, real)


def counted_words(config: TransferConfig, seed: int) -> dict[str, Any]:
    """Logistic regression on the same words without their order; words by frequency."""
    found = data(config, seed)
    x = {part: counts(rows, config.vocabulary) for part, rows in found.rows.items()}
    errors = [
        counted_error(config, x, found.labels, chosen)
        for chosen, _ in draws(config, found, seed)
    ]
    seen = found.unlabelled[found.unlabelled >= SPECIALS.first_word]
    often = seen.bincount(minlength=config.vocabulary).double() + 1
    told = found.rows["test"]
    told = told[told >= SPECIALS.first_word]
    loss = float(-(often / often.sum()).log()[told].mean())
    return {"errors": errors, "loss": loss, "seen": seen_already(found)}


def seen_already(found: Data) -> float:
    """The share of whole test endings that also stand in the texts without labels."""
    seen, test = (
        {tuple(row) for row in rows.tolist() if SPECIALS.pad not in row}
        for rows in (found.unlabelled, found.rows["test"])
    )
    return len(seen & test) / len(test)


def tuned_error(
    config: TransferConfig, start: Words, found: Data, chosen: Tensor, steps: int
) -> tuple[float, int]:
    """All weights trained on the chosen labels: test error, and the best moment."""
    some, rows, labels = held(config, chosen), found.rows, found.labels
    network, moment = tuned(
        start,
        config.width,
        (rows["train"][chosen], labels["train"][chosen]),
        (rows["validation"][some], labels["validation"][some]),
        Plan(steps, config.rates, config.moments, config.batch),
    )
    with torch.no_grad():
        return judged(network(rows["test"]), labels["test"])[0], moment


def smaller() -> TransferConfig:
    """The same question at a size that a test can afford."""
    return TransferConfig(
        steps=((200, 20), (1000, 40)),
        seeds=(3, 4),
        width=32,
        heads=2,
        layers=1,
        vocabulary=500,
        tokens=16,
        pretraining=150,
        rates=(2e-3,),
        penalties=(1e-2,),
        choosing=300,
        moments=2,
    )
