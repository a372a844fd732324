"""What RoBERTa and ALBERT changed in BERT's masks and weights, one change at a time.

Masks drawn once or anew; layers shared, and embeddings factorised.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from paradigms.data.review_endings import review_endings
from paradigms.data.special_tokens import IGNORE, SpecialTokens
from paradigms.evaluation.statistics import t_interval
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.models.bert import BERT
from paradigms.models.encoder import EncoderConfig
from paradigms.objectives import masked_token, static_mask
from paradigms.training.loop import Batch, TrainingConfig, train

QUESTION = "What do the changes of RoBERTa and ALBERT to BERT do, each alone?"
SPECIALS = SpecialTokens()
PLAIN, SAME = "word frequencies", "word frequencies, same texts"
FORMS = {  # shared blocks, width of the word vectors
    "BERT": (False, None),
    "shared layers": (True, None),
    "factorised": (False, 16),
    "ALBERT": (True, 16),
}


@dataclass(frozen=True)
class FamiliesOfBertConfig:
    """Sizes of data and networks; `seeds` for what is trained, `draws` for counts.

    Masks: `texts` texts for `epochs` epochs, masked once, `copies` times, or anew.
    Forms: `steps` steps on fresh batches of all training texts.
    """

    seeds: int = 3
    draws: int = 5
    vocabulary: int = 1000
    tokens: int = 24
    width: int = 64
    heads: int = 4
    layers: int = 3
    rate: float = 2e-3
    batch: int = 32
    copies: int = 10
    epochs: int = 40
    texts: int = 320
    steps: int = 400


CONFIG = FamiliesOfBertConfig()


def run(config: FamiliesOfBertConfig, each: Each = serial_map) -> list[dict[str, Any]]:
    """A row for each masking, each form of the network, plain counts, and pairs."""
    draws = range(config.draws)
    counted = each(draws, lambda seed: mask_counts(config, seed))
    kinds = (1, config.copies, config.epochs)
    masked = each(every(kinds, config), lambda item: mask_losses(config, *item))
    losses = each(every(FORMS, config), lambda item: form_loss(config, *item))
    plain = every((None, config.texts), config)
    frequencies = [frequency_loss(config, *item) for item in plain]
    parts = {
        **grouped([mask_name(config, kind) for kind in kinds], masked),
        **grouped(FORMS, losses),
        **grouped((PLAIN, SAME), frequencies),
    }
    counts = {
        mask_name(config, kind): columns([found[str(kind)] for found in counted])
        for kind in kinds
    }
    weights = {form: sizes(config, form) for form in FORMS}
    rows = [
        {"name": name, **counts.get(name, {}), **weights.get(name, {}), **columns(of)}
        for name, of in parts.items()
    ]
    return rows + [minus(parts, *pair) for pair in pairs(config)]


def grouped(
    names: Collection[str], found: list[dict[str, float]]
) -> dict[str, list[dict[str, float]]]:
    """What was found, in the order of `every`, by name."""
    seeds = len(found) // len(names)
    return {name: found[place * seeds :][:seeds] for place, name in enumerate(names)}


def pairs(config: FamiliesOfBertConfig) -> list[tuple[str, str]]:
    """What is compared split by split: maskings, forms, and both with plain counts."""
    ten = mask_name(config, config.copies)
    found = [(ten, "dynamic"), ("dynamic", SAME), ("dynamic", PLAIN)]
    found += [(form, "BERT") for form in list(FORMS)[1:]]
    return found + [(form, PLAIN) for form in FORMS]


def minus(
    parts: dict[str, list[dict[str, float]]], name: str, other: str
) -> dict[str, Any]:
    """Test loss of one minus another on the same splits and masks, in nats."""
    found = zip(parts[name], parts[other], strict=True)
    less = tuple(a["test loss"] - b["test loss"] for a, b in found)
    return {"name": f"{name} - {other}", "test loss": t_interval(less)}


def every(kinds: Iterable[Any], config: FamiliesOfBertConfig) -> list[tuple[Any, int]]:
    """Every kind with every seed."""
    return [(kind, seed) for kind in kinds for seed in range(config.seeds)]


def columns(parts: list[dict[str, float]]) -> dict[str, list[float]]:
    """Each column's mean and interval over the seeds."""
    return {key: t_interval(tuple(part[key] for part in parts)) for key in parts[0]}


def mask_name(config: FamiliesOfBertConfig, kind: int) -> str:
    """What a number of masks for each text is called."""
    if kind == config.epochs:
        return "dynamic"
    return "static, 1 copy" if kind == 1 else f"static, {kind} copies"


def masks(
    config: FamiliesOfBertConfig, rows: Tensor, kind: int, dice: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Inputs and targets of every epoch, (epochs, B, T), from `kind` draws a text."""
    if kind == config.epochs:
        drawn = [masked_token(rows, config.vocabulary, dice) for _ in range(kind)]
        inputs, targets = zip(*drawn, strict=True)
        return torch.stack(inputs), torch.stack(targets)
    inputs, targets = static_mask(rows, config.vocabulary, dice, kind)
    epoch = torch.arange(config.epochs) % kind
    return inputs[epoch], targets[epoch]


def mask_counts(config: FamiliesOfBertConfig, seed: int) -> dict[str, dict[str, float]]:
    """For each kind of masking, what `overlaps` finds in the masks of all epochs."""
    rows = review_endings(config.vocabulary, config.tokens, seed).rows["train"][
        : config.texts
    ]
    found = {}
    for kind in (1, config.copies, config.epochs):
        dice = torch.Generator().manual_seed(seed)
        _, targets = masks(config, rows, kind, dice)
        found[str(kind)] = overlaps(targets != IGNORE)
    return found


def overlaps(chosen: Tensor) -> dict[str, float]:
    """Of masks (epochs, B, T): how much they repeat, as shares.

    `overlap`: of the words masked in one epoch, those masked in another as well, over
    all pairs of epochs; `distinct`: different masks of a text by epochs; `ever asked`:
    words that are masked in some epoch.
    """
    epochs, rows, _ = chosen.shape
    times = chosen.double().sum(dim=0)  # (B, T)
    both = times * (times - 1) / (epochs - 1)  # summed over the partner epochs
    distinct = sum(len(chosen[:, row].unique(dim=0)) for row in range(rows))
    return {
        "overlap": float(both.sum() / times.sum()),
        "distinct": distinct / (rows * epochs),
        "ever asked": float((times > 0).double().mean()),
    }


class Words(nn.Module):
    """BERT's scores of all words at the places asked for: (B, T) -> (N, V)."""

    def __init__(self, config: FamiliesOfBertConfig, form: str) -> None:
        super().__init__()
        self.bert = BERT(shape(config, form))

    def forward(self, rows: Tensor, asked: Tensor) -> Tensor:
        return self.bert.words(self.bert.encoder(rows)[asked])


def shape(config: FamiliesOfBertConfig, form: str) -> EncoderConfig:
    """The encoder's shape for a form."""
    shared, embedding = FORMS[form]
    return EncoderConfig(
        config.vocabulary,
        config.tokens,
        config.width,
        config.layers,
        config.heads,
        4 * config.width,
        segments=1,
        embedding=embedding,
        shared=shared,
    )


def sizes(config: FamiliesOfBertConfig, form: str) -> dict[str, int]:
    """Parameters of the encoder and its word head: all, of words, and of blocks."""
    bert = Words(config, form).bert
    encoder = bert.encoder

    def count(*modules: nn.Module) -> int:
        weights = {id(p): p.numel() for module in modules for p in module.parameters()}
        return sum(weights.values())  # tied weights once

    return {
        "parameters": count(encoder, bert.words),
        "of words": count(encoder.word, encoder.widen),
        "of blocks": count(encoder.stack),
    }


def word_loss(network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
    """The summed log-loss of the targets, in nats, and their number."""
    inputs, targets = batch
    places = targets != IGNORE
    logits = network(inputs, places)
    return F.cross_entropy(logits, targets[places], reduction="sum"), places.sum()


def held_out(config: FamiliesOfBertConfig, network: nn.Module, rows: Tensor) -> float:
    """The mean log-loss on test texts, by the same masks for every network, in nats."""
    batch = masked_token(rows, config.vocabulary, torch.Generator().manual_seed(0))
    with torch.no_grad():
        total, count = word_loss(network, batch)
    return float(total / count)


def frequency_loss(
    config: FamiliesOfBertConfig, limit: int | None, seed: int
) -> dict[str, float]:
    """The log-loss of the same targets by each word's share of some training texts."""
    found = review_endings(config.vocabulary, config.tokens, seed).rows
    seen = found["train"][:limit].flatten()
    counts = seen.bincount(minlength=config.vocabulary).double()
    dice = torch.Generator().manual_seed(0)
    _, targets = masked_token(found["test"], config.vocabulary, dice)
    asked = targets[targets != IGNORE]
    shares = (counts + 1) / (counts + 1).sum()
    return {"test loss": float(-shares.log()[asked].mean())}


def mask_losses(config: FamiliesOfBertConfig, kind: int, seed: int) -> dict[str, float]:
    """Train on a few texts for many epochs: loss at the end, and on test texts."""
    found = review_endings(config.vocabulary, config.tokens, seed).rows
    rows = found["train"][: config.texts]
    dice = torch.Generator().manual_seed(seed)
    inputs, targets = masks(config, rows, kind, dice)
    torch.manual_seed(seed)
    network = Words(config, "BERT")
    turns = len(rows) // config.batch  # batches an epoch
    orders = [torch.randperm(len(rows), generator=dice) for _ in range(config.epochs)]

    def batch(step: int) -> Batch:
        epoch, turn = divmod(step, turns)
        chosen = orders[epoch][turn * config.batch :][: config.batch]
        return inputs[epoch, chosen], targets[epoch, chosen]

    recipe = TrainingConfig(config.epochs * turns, config.rate)
    course = train(network, batch, word_loss, recipe, turns)
    return {
        "training loss": course[-1][1],
        "test loss": held_out(config, network, found["test"]),
    }


def form_loss(config: FamiliesOfBertConfig, form: str, seed: int) -> dict[str, float]:
    """Train a form on fresh masks of all texts: its loss on test texts, in nats."""
    found = review_endings(config.vocabulary, config.tokens, seed).rows
    dice = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    network = Words(config, form)

    def batch(step: int) -> Batch:
        del step
        size = (config.batch,)
        chosen = torch.randint(len(found["train"]), size, generator=dice)
        return masked_token(found["train"][chosen], config.vocabulary, dice)

    train(network, batch, word_loss, TrainingConfig(config.steps, config.rate))
    return {"test loss": held_out(config, network, found["test"])}


def smaller() -> FamiliesOfBertConfig:
    """The same question at a size that a test can afford."""
    return FamiliesOfBertConfig(
        seeds=2,
        draws=2,
        layers=2,
        width=32,
        texts=64,
        steps=40,
    )
