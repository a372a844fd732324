"""Pretraining on reviews without labels, then tuning on few labels.

One network, twice: under the causal rule with the next token as target, as GPT, and
under the bidirectional rule with masked tokens, as BERT.  Nothing else differs: shape,
first weights, texts and number of steps are the same.
"""

import copy
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from paradigms.corpora import labelled, movie_reviews
from paradigms.intervals import interval
from paradigms.models.gpt import Config as Shape
from paradigms.models.logistic_regression import LogisticRegression
from paradigms.parts import Each, in_turn
from paradigms.tokenizer import Vocabulary, words
from paradigms.training import Batch, Recipe, train
from paradigms.two_rules import (
    RULES,
    SPECIALS,
    Label,
    Words,
    asked,
    label_loss,
    mean_state,
    table,
    word_loss,
)

QUESTION = "What is pretraining on texts without labels worth, for both objectives?"
COUNTED = "words counted"


@dataclass(frozen=True)
class Config:
    """Sizes of data and network; `steps` of tuning for each number of labels.

    The texts are the last `tokens` - 1 known words of IMDB reviews; the texts without
    labels are these and as many words before them, of the training part.  The first
    `choosing` texts of the validation part choose among `rates` of tuning, and among
    `penalties` of each logistic regression.
    """

    steps: tuple[tuple[int, int], ...] = ((50, 60), (200, 80), (1000, 150), (5000, 300))
    seeds: int = 3
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
    penalties: tuple[float, ...] = (1e-3, 1e-2, 1e-1)


CONFIG = Config()


def run(config: Config, each: Each = in_turn) -> list[dict[str, Any]]:
    """Rows: error by kind and labels, gains with their figure, losses on words."""
    items = [(rule, seed) for rule in RULES for seed in range(config.seeds)]
    parts = each(items, lambda item: one_network(config, *item))
    counted = each(range(config.seeds), lambda seed: counted_words(config, seed))
    errors = {COUNTED: [found["errors"] for found in counted]}
    losses = {COUNTED: [found["loss"] for found in counted]}
    for place, rule in enumerate(RULES):
        found = parts[place * config.seeds :][: config.seeds]
        losses[rule] = [part["loss"] for part in found]
        for kind in found[0]["errors"]:
            errors[f"{rule}, {kind}"] = [part["errors"][kind] for part in found]
    rows: list[dict[str, Any]] = [
        {"name": name, **by_size(config, found)} for name, found in errors.items()
    ]
    rows[0]["pictures"] = {
        kind: {
            "bands": {
                name.replace(f", {kind}", ""): points(row)
                for name, row in zip(errors, rows, strict=True)
                if name == COUNTED or name.endswith(kind)
            }
        }
        for kind in ("tuned", "frozen")
    }
    for rule in RULES:
        for kind in ("tuned", "frozen"):
            both = (
                torch.tensor(errors[f"{rule}, {start}, {kind}"], dtype=torch.float64)
                for start in ("pretrained", "from scratch")
            )
            gaps = (next(both) - next(both)).tolist()
            name = f"{rule}, pretrained - from scratch, {kind}"
            rows.append({"name": name, **by_size(config, gaps)})
    rows += [
        {"name": f"{name}, words", "loss": interval(tuple(found))}
        for name, found in losses.items()
    ]
    return rows


def by_size(config: Config, found: list[list[float]]) -> dict[str, list[float]]:
    """Mean and interval over the seeds for each number of labels."""
    sizes = [size for size, _ in config.steps]
    columns = zip(*found, strict=True)
    return {
        f"at {size}": interval(tuple(values))
        for size, values in zip(sizes, columns, strict=True)
    }


def points(row: dict[str, Any]) -> list[list[float]]:
    """For a figure: labels, mean, low and high, rounded."""
    sizes = {key: value for key, value in row.items() if key.startswith("at ")}
    return [[int(key[3:]), *(round(v, 4) for v in sizes[key])] for key in sizes]


class Data(NamedTuple):
    """Rows of ids (N, T), each [BOS], words, padding; labels (N,) of three parts."""

    unlabelled: Tensor
    rows: dict[str, Tensor]
    labels: dict[str, Tensor]


@cache
def data(config: Config, seed: int) -> Data:
    """One split: the end of each review with its label, and the words before it."""
    parts = movie_reviews.split("imdb", seed)
    texts = {
        part: [words(review.text) for review in parts[part]]
        for part in ("train", "validation", "test")
    }
    known = Vocabulary(texts["train"], config.vocabulary - SPECIALS.first_word)
    ids = {
        part: [known.encode(text) for text in found] for part, found in texts.items()
    }
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


def pretrained(config: Config, objective: str, seed: int) -> Words:
    """The network after `pretraining` steps on texts without labels."""
    network, found = untrained(config, objective, seed), data(config, seed).unlabelled
    dice = torch.Generator().manual_seed(seed)

    def batch(step: int) -> Batch:
        del step
        size = (config.pretraining_batch,)
        rows = found[torch.randint(len(found), size, generator=dice)]
        return asked(objective, rows, config.vocabulary, dice)

    train(
        network, batch, word_loss, Recipe(config.pretraining, config.pretraining_rate)
    )
    return network


def untrained(config: Config, objective: str, seed: int) -> Words:
    """The same first weights under both rules."""
    torch.manual_seed(seed)
    shape = Shape(
        config.vocabulary, config.tokens, config.width, config.layers, config.heads
    )
    return Words(shape, RULES[objective]).eval()


def one_network(config: Config, objective: str, seed: int) -> dict[str, Any]:
    """Test errors by kind, one for each number of labels, and the loss on words."""
    found = data(config, seed)
    starts = {
        "pretrained": pretrained(config, objective, seed),
        "from scratch": untrained(config, objective, seed),
    }
    errors = {}
    for name, start in starts.items():
        states = standard(start, found.rows)
        errors[f"{name}, frozen"] = [
            counted_error(config, states, found.labels, chosen)
            for chosen, _ in draws(config, found, seed)
        ]
        errors[f"{name}, tuned"] = [
            tuned_error(config, start, found, *draw)
            for draw in draws(config, found, seed)
        ]
    dice = torch.Generator().manual_seed(0)
    batch = asked(objective, found.rows["test"], config.vocabulary, dice)
    with torch.no_grad():
        total, count = word_loss(starts["pretrained"], batch)
    return {"errors": errors, "loss": float(total / count)}


def draws(config: Config, found: Data, seed: int) -> list[tuple[Tensor, int]]:
    """Places of labelled texts and steps of tuning: the same for every model."""
    dice = torch.Generator().manual_seed(seed)
    labels = found.labels["train"]
    return [(labelled.draw(labels, size, dice), steps) for size, steps in config.steps]


def standard(network: Words, rows: dict[str, Tensor]) -> dict[str, Tensor]:
    """Mean states (N, W) of each part, in deviations of those of the training part."""
    with torch.no_grad():
        states = {part: mean_state(network.states(x), x) for part, x in rows.items()}
    deviation, mean = torch.std_mean(states["train"], dim=0)
    return {part: (found - mean) / deviation for part, found in states.items()}


def counted_error(
    config: Config, x: dict[str, Tensor], labels: dict[str, Tensor], chosen: Tensor
) -> float:
    """Logistic regression with the penalty that errs least on the validation part."""
    best, wrong = 2.0, 1.0
    for penalty in config.penalties:
        model = LogisticRegression(2, penalty)
        model.fit(x["train"][chosen].double(), labels["train"][chosen])
        error = {}
        for part in ("validation", "test"):
            guesses = model.predict_proba(x[part].double()).argmax(dim=1)
            error[part] = (guesses != labels[part]).double()
        held = float(error["validation"][: config.choosing].mean())
        if held < best:
            best, wrong = held, float(error["test"].mean())
    return wrong


def counts(rows: Tensor, vocabulary: int) -> Tensor:
    """How often each word stands in each text: rows (N, T) -> (N, V)."""
    real = (rows >= SPECIALS.first_word).float()
    return torch.zeros(len(rows), vocabulary).scatter_add_(1, rows, real)


def counted_words(config: Config, seed: int) -> dict[str, Any]:
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
    return {"errors": errors, "loss": float(-(often / often.sum()).log()[told].mean())}


def tuned_error(
    config: Config, start: Words, found: Data, chosen: Tensor, steps: int
) -> float:
    """All weights trained on the chosen labels, at the rate that validates best."""
    rows, labels = found.rows, found.labels
    best, wrong = 2.0, 1.0
    for rate in config.rates:
        torch.manual_seed(0)
        network = Label(copy.deepcopy(start), config.width)
        dice = torch.Generator().manual_seed(0)

        def batch(step: int, dice: torch.Generator = dice) -> Batch:
            del step
            some = chosen[torch.randint(len(chosen), (config.batch,), generator=dice)]
            return rows["train"][some], labels["train"][some]

        train(network, batch, label_loss, Recipe(steps, rate, warmup=steps // 10))
        first = slice(config.choosing)
        held = mistakes(network, rows["validation"][first], labels["validation"][first])
        if held < best:
            best, wrong = held, mistakes(network, rows["test"], labels["test"])
    return wrong


def mistakes(network: nn.Module, rows: Tensor, labels: Tensor) -> float:
    """The share of wrong answers."""
    with torch.no_grad():
        return float((network(rows).argmax(dim=1) != labels).double().mean())


def smaller() -> Config:
    """The same question at a size that a test can afford."""
    return Config(
        steps=((200, 20), (1000, 40)), seeds=2, width=32, heads=2, layers=1,
        vocabulary=500, tokens=16, pretraining=150, rates=(2e-3,), penalties=(1e-2,),
        choosing=300,
    )  # fmt: skip
