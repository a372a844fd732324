"""Pretraining on unlabelled reviews, then fine-tuning on few labels.

One network, twice: causal with next-token prediction, as GPT, and bidirectional with
masked tokens, as BERT.  Nothing else differs: shape, initial weights, texts, number of
steps and the mean state as features are the same.
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
from paradigms.training.finetuning import Sweep, error_and_loss, finetune
from paradigms.training.loop import Batch, TrainingConfig, train
from paradigms.training.two_rules import (
    RULES,
    SPECIALS,
    Words,
    encode_rows,
    inputs_and_targets,
    mean_state,
    word_loss,
)

QUESTION = "What is pretraining on texts without labels worth, for both objectives?"
COUNTED = "words counted"
STARTS = ("pretrained", "from scratch")
Pairs = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class TransferConfig:
    """Sizes of data and network; `steps` of fine-tuning for each number of labels.

    The texts are the last `tokens` - 1 words in the vocabulary of IMDB reviews; the
    unlabelled texts are these and as many words before them, of the training part.  As
    many validation texts as there are labels, at most `choosing`, select among `rates`
    and `moments` of fine-tuning, and among `penalties` of each logistic regression.
    Sizes were chosen on seed 0, which is not among the seeds.
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
    baseline = each(config.seeds, lambda seed: counted_words(config, seed))
    errors = {COUNTED: [results["errors"] for results in baseline]}
    losses = {COUNTED: [results["loss"] for results in baseline]}
    moments = {}
    for place, rule in enumerate(RULES):
        results = parts[place * len(config.seeds) :][: len(config.seeds)]
        losses[rule] = [part["loss"] for part in results]
        for column, destination in (("errors", errors), ("moments", moments)):
            for kind in results[0][column]:
                destination[f"{rule}, {kind}"] = [
                    part[column][kind] for part in results
                ]
    rows: list[dict[str, Any]] = [
        {"name": name, **by_size(config, results)} for name, results in errors.items()
    ]
    rows[0]["pictures"] = {
        kind: error_bands(rows, kind) for kind in ("tuned", "frozen")
    }
    for row in rows:
        if row["name"] in moments:
            row |= by_size(config, moments[row["name"]], "steps at")
    rows += differences(config, errors)
    rows += [
        {"name": f"{n}, words", "loss": t_interval(tuple(f))} for n, f in losses.items()
    ]
    seen = t_interval(tuple(results["seen"] for results in baseline))
    rows.append({"name": "test endings", "among texts without labels": seen})
    return rows


def error_bands(rows: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    """For a figure: bag of words, and `tuned` or `frozen` networks, by labels."""
    selected = [r for r in rows if r["name"] == COUNTED or r["name"].endswith(kind)]
    return {"bands": {r["name"].replace(f", {kind}", ""): points(r) for r in selected}}


def differences(
    config: TransferConfig, errors: dict[str, list[list[float]]]
) -> list[dict[str, Any]]:
    """Paired by seed: the effect of pretraining, and networks minus bag of words."""
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
    texts = {
        part: [words(r.text) for r in documents] for part, documents in parts.items()
    }
    vocabulary = Vocabulary(texts["train"], config.vocabulary - SPECIALS.first_word)
    ids = {
        part: [vocabulary.encode(t) for t in documents]
        for part, documents in texts.items()
    }
    room = config.tokens - 1  # after BOS
    before = [text[-2 * room : -room] for text in ids["train"] if len(text) > room]
    endings = {
        part: encode_rows([text[-room:] for text in documents], config.tokens)
        for part, documents in ids.items()
    }
    return Data(
        torch.cat([endings["train"], encode_rows(before, config.tokens)]),
        endings,
        {part: torch.tensor([r.label for r in parts[part]]) for part in endings},
    )


def pretrained(config: TransferConfig, objective: str, seed: int) -> Words:
    """The network after `pretraining` steps on unlabelled texts."""
    network, texts = untrained(config, objective, seed), data(config, seed).unlabelled
    rng = torch.Generator().manual_seed(seed)

    def batch(_: int) -> Batch:
        size = (config.pretraining_batch,)
        rows = texts[torch.randint(len(texts), size, generator=rng)]
        return inputs_and_targets(objective, rows, config.vocabulary, rng)

    recipe = TrainingConfig(config.pretraining, config.pretraining_rate)
    train(network, batch, word_loss, recipe)
    return network


def untrained(config: TransferConfig, objective: str, seed: int) -> Words:
    """The same initial weights under both rules."""
    torch.manual_seed(seed)
    shape = GPTConfig(
        config.vocabulary, config.tokens, config.width, config.layers, config.heads
    )
    return Words(shape, RULES[objective]).eval()


def one_network(config: TransferConfig, objective: str, seed: int) -> dict[str, Any]:
    """Test errors and best moments by kind and number of labels; the loss on words."""
    split = data(config, seed)
    starts = [make(config, objective, seed) for make in (pretrained, untrained)]
    errors, moments = {}, {}
    for name, start in zip(STARTS, starts, strict=True):
        states = standard(start, split.rows)
        subsets = draws(config, split, seed)
        errors[f"{name}, frozen"] = [
            counted_error(config, states, split.labels, indices)
            for indices, _ in subsets
        ]
        results = [tuned_error(config, start, split, *draw) for draw in subsets]
        errors[f"{name}, tuned"] = [error for error, _ in results]
        moments[f"{name}, tuned"] = [moment for _, moment in results]
    rng = torch.Generator().manual_seed(0)
    batch = inputs_and_targets(objective, split.rows["test"], config.vocabulary, rng)
    with torch.no_grad():
        total, count = word_loss(starts[0], batch)
    return {"errors": errors, "moments": moments, "loss": float(total / count)}


def draws(config: TransferConfig, found: Data, seed: int) -> list[tuple[Tensor, int]]:
    """Indices of labelled texts, and fine-tuning steps: the same for every model."""
    rng = torch.Generator().manual_seed(seed)
    labels = found.labels["train"]
    return [
        (label_subsets.draw_subset(labels, size, rng), steps)
        for size, steps in config.steps
    ]


def standard(network: Words, rows: dict[str, Tensor]) -> dict[str, Tensor]:
    """Mean states (N, W) of each part, standardised by the training part."""
    with torch.no_grad():
        states = {part: mean_state(network.states(x), x) for part, x in rows.items()}
    std, mean = torch.std_mean(states["train"], dim=0)
    return {part: (values - mean) / std for part, values in states.items()}


def validation_rows(config: TransferConfig, chosen: Tensor) -> slice:
    """The validation texts: as many as there are training labels, or fewer."""
    return slice(min(len(chosen), config.choosing))


def counted_error(
    config: TransferConfig,
    x: dict[str, Tensor],
    labels: dict[str, Tensor],
    chosen: Tensor,
) -> float:
    """Test error of logistic regression, with the penalty chosen by validation."""
    validation, results = validation_rows(config, chosen), []
    for penalty in config.penalties:
        model = LogisticRegression(2, penalty)
        model.fit(x["train"][chosen].double(), labels["train"][chosen])
        logits = model.logits(x["validation"][validation].double())
        score = error_and_loss(logits, labels["validation"][validation])
        test = error_and_loss(model.logits(x["test"].double()), labels["test"])[0]
        results.append((score, test))
    return min(results)[1]


def counts(rows: Tensor, vocabulary: int) -> Tensor:
    """Word counts of each text: rows (N, T) -> (N, V)."""
    real = (rows >= SPECIALS.first_word).float()
    return torch.zeros(len(rows), vocabulary).scatter_add_(1, rows, real)


def counted_words(config: TransferConfig, seed: int) -> dict[str, Any]:
    """Logistic regression on bags of words; the loss of a unigram model."""
    split = data(config, seed)
    x = {part: counts(rows, config.vocabulary) for part, rows in split.rows.items()}
    errors = [
        counted_error(config, x, split.labels, indices)
        for indices, _ in draws(config, split, seed)
    ]
    train_words = split.unlabelled[split.unlabelled >= SPECIALS.first_word]
    frequencies = train_words.bincount(minlength=config.vocabulary).double() + 1
    test_words = split.rows["test"]
    test_words = test_words[test_words >= SPECIALS.first_word]
    loss = float(-(frequencies / frequencies.sum()).log()[test_words].mean())
    return {"errors": errors, "loss": loss, "seen": seen_already(split)}


def seen_already(found: Data) -> float:
    """The share of whole test endings that are also among the unlabelled texts."""
    unlabelled, test = (
        {tuple(row) for row in rows.tolist() if SPECIALS.pad not in row}
        for rows in (found.unlabelled, found.rows["test"])
    )
    return len(unlabelled & test) / len(test)


def tuned_error(
    config: TransferConfig, start: Words, found: Data, chosen: Tensor, steps: int
) -> tuple[float, int]:
    """All weights fine-tuned on the chosen labels: test error, and the best moment."""
    validation, rows, labels = validation_rows(config, chosen), found.rows, found.labels
    network, moment = finetune(
        start,
        config.width,
        (rows["train"][chosen], labels["train"][chosen]),
        (rows["validation"][validation], labels["validation"][validation]),
        Sweep(steps, config.rates, config.moments, config.batch),
    )
    with torch.no_grad():
        return error_and_loss(network(rows["test"]), labels["test"])[0], moment


def smaller() -> TransferConfig:
    """The same experiment, small enough for a test."""
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
