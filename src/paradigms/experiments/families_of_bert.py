"""What RoBERTa and ALBERT changed in BERT's masks and weights, one change at a time.

Static or dynamic masks; shared layers; factorised embeddings.
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
FORMS = {  # shared blocks, embedding width
    "BERT": (False, None),
    "shared layers": (True, None),
    "factorised": (False, 16),
    "ALBERT": (True, 16),
}


@dataclass(frozen=True)
class FamiliesOfBertConfig:
    """Sizes of data and networks; `seeds` for training, `draws` for mask statistics.

    Masks: `texts` texts for `epochs` epochs, with one mask, `copies` masks, or dynamic.
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
    """A row per masking, per form of the network, per unigram model, and per pair."""
    draws = range(config.draws)
    mask_statistics = each(draws, lambda seed: mask_counts(config, seed))
    kinds = (1, config.copies, config.epochs)
    mask_results = each(every(kinds, config), lambda item: mask_losses(config, *item))
    form_results = each(every(FORMS, config), lambda item: form_loss(config, *item))
    limits = every((None, config.texts), config)
    frequencies = [frequency_loss(config, *item) for item in limits]
    parts = {
        **grouped([mask_name(config, kind) for kind in kinds], mask_results),
        **grouped(FORMS, form_results),
        **grouped((PLAIN, SAME), frequencies),
    }
    counts = {
        mask_name(config, kind): columns(
            [statistics[str(kind)] for statistics in mask_statistics]
        )
        for kind in kinds
    }
    weights = {form: sizes(config, form) for form in FORMS}
    rows = [
        {
            "name": name,
            **counts.get(name, {}),
            **weights.get(name, {}),
            **columns(results),
        }
        for name, results in parts.items()
    ]
    return rows + [minus(parts, *pair) for pair in pairs(config)]


def grouped(
    names: Collection[str], found: list[dict[str, float]]
) -> dict[str, list[dict[str, float]]]:
    """Results by name; `found` is in the order of `every`."""
    seeds = len(found) // len(names)
    return {name: found[index * seeds :][:seeds] for index, name in enumerate(names)}


def pairs(config: FamiliesOfBertConfig) -> list[tuple[str, str]]:
    """Pairs compared split by split: maskings, forms, and both with unigrams."""
    static = mask_name(config, config.copies)
    comparisons = [(static, "dynamic"), ("dynamic", SAME), ("dynamic", PLAIN)]
    comparisons += [(form, "BERT") for form in list(FORMS)[1:]]
    return comparisons + [(form, PLAIN) for form in FORMS]


def minus(
    parts: dict[str, list[dict[str, float]]], name: str, other: str
) -> dict[str, Any]:
    """Test loss of one minus another on the same splits and masks, in nats."""
    seed_pairs = zip(parts[name], parts[other], strict=True)
    differences = tuple(a["test loss"] - b["test loss"] for a, b in seed_pairs)
    return {"name": f"{name} - {other}", "test loss": t_interval(differences)}


def every(kinds: Iterable[Any], config: FamiliesOfBertConfig) -> list[tuple[Any, int]]:
    """Every kind with every seed."""
    return [(kind, seed) for kind in kinds for seed in range(config.seeds)]


def columns(parts: list[dict[str, float]]) -> dict[str, list[float]]:
    """Each column's mean and interval over the seeds."""
    return {key: t_interval(tuple(part[key] for part in parts)) for key in parts[0]}


def mask_name(config: FamiliesOfBertConfig, kind: int) -> str:
    """The name of a masking with `kind` masks per text."""
    if kind == config.epochs:
        return "dynamic"
    return "static, 1 copy" if kind == 1 else f"static, {kind} copies"


def masks(
    config: FamiliesOfBertConfig, rows: Tensor, kind: int, dice: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Inputs and targets of every epoch, (epochs, B, T), with `kind` masks per text."""
    if kind == config.epochs:
        batches = [masked_token(rows, config.vocabulary, dice) for _ in range(kind)]
        inputs, targets = zip(*batches, strict=True)
        return torch.stack(inputs), torch.stack(targets)
    inputs, targets = static_mask(rows, config.vocabulary, dice, kind)
    epoch = torch.arange(config.epochs) % kind
    return inputs[epoch], targets[epoch]


def mask_counts(config: FamiliesOfBertConfig, seed: int) -> dict[str, dict[str, float]]:
    """The `overlaps` of the masks of all epochs, for each kind of masking."""
    rows = review_endings(config.vocabulary, config.tokens, seed).rows["train"][
        : config.texts
    ]
    statistics = {}
    for kind in (1, config.copies, config.epochs):
        rng = torch.Generator().manual_seed(seed)
        _, targets = masks(config, rows, kind, rng)
        statistics[str(kind)] = overlaps(targets != IGNORE)
    return statistics


def overlaps(chosen: Tensor) -> dict[str, float]:
    """How much masks (epochs, B, T) repeat, as shares.

    `overlap`: of the words masked in one epoch, those masked in another as well, over
    all pairs of epochs; `distinct`: different masks of a text by epochs; `ever asked`:
    words that are masked in some epoch.
    """
    epochs, rows, _ = chosen.shape
    times = chosen.double().sum(dim=0)  # (B, T)
    repeats = times * (times - 1) / (epochs - 1)  # summed over the partner epochs
    distinct = sum(len(chosen[:, row].unique(dim=0)) for row in range(rows))
    return {
        "overlap": float(repeats.sum() / times.sum()),
        "distinct": distinct / (rows * epochs),
        "ever asked": float((times > 0).double().mean()),
    }


class Words(nn.Module):
    """BERT's logits at the masked positions: (B, T) -> (N, V)."""

    def __init__(self, config: FamiliesOfBertConfig, form: str) -> None:
        super().__init__()
        self.bert = BERT(shape(config, form))

    def forward(self, rows: Tensor, asked: Tensor) -> Tensor:
        return self.bert.words(self.bert.encoder(rows)[asked])


def shape(config: FamiliesOfBertConfig, form: str) -> EncoderConfig:
    """The encoder configuration of a form."""
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
    """Mean log-loss on test texts, with the same masks for all networks, in nats."""
    batch = masked_token(rows, config.vocabulary, torch.Generator().manual_seed(0))
    with torch.no_grad():
        total, count = word_loss(network, batch)
    return float(total / count)


def frequency_loss(
    config: FamiliesOfBertConfig, limit: int | None, seed: int
) -> dict[str, float]:
    """Log-loss, on the same targets, of a unigram model of `limit` training texts."""
    parts = review_endings(config.vocabulary, config.tokens, seed).rows
    train_words = parts["train"][:limit].flatten()
    counts = train_words.bincount(minlength=config.vocabulary).double()
    rng = torch.Generator().manual_seed(0)
    _, targets = masked_token(parts["test"], config.vocabulary, rng)
    masked_words = targets[targets != IGNORE]
    shares = (counts + 1) / (counts + 1).sum()
    return {"test loss": float(-shares.log()[masked_words].mean())}


def mask_losses(config: FamiliesOfBertConfig, kind: int, seed: int) -> dict[str, float]:
    """Train on a few texts for many epochs: final training loss, and test loss."""
    parts = review_endings(config.vocabulary, config.tokens, seed).rows
    rows = parts["train"][: config.texts]
    rng = torch.Generator().manual_seed(seed)
    inputs, targets = masks(config, rows, kind, rng)
    torch.manual_seed(seed)
    network = Words(config, "BERT")
    batches_per_epoch = len(rows) // config.batch
    orders = [torch.randperm(len(rows), generator=rng) for _ in range(config.epochs)]

    def batch(step: int) -> Batch:
        epoch, index = divmod(step, batches_per_epoch)
        indices = orders[epoch][index * config.batch :][: config.batch]
        return inputs[epoch, indices], targets[epoch, indices]

    recipe = TrainingConfig(config.epochs * batches_per_epoch, config.rate)
    history = train(network, batch, word_loss, recipe, batches_per_epoch)
    return {
        "training loss": history[-1][1],
        "test loss": held_out(config, network, parts["test"]),
    }


def form_loss(config: FamiliesOfBertConfig, form: str, seed: int) -> dict[str, float]:
    """Train a form with dynamic masks on all texts: its test loss in nats."""
    parts = review_endings(config.vocabulary, config.tokens, seed).rows
    rng = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    network = Words(config, form)

    def batch(step: int) -> Batch:
        del step
        size = (config.batch,)
        indices = torch.randint(len(parts["train"]), size, generator=rng)
        return masked_token(parts["train"][indices], config.vocabulary, rng)

    train(network, batch, word_loss, TrainingConfig(config.steps, config.rate))
    return {"test loss": held_out(config, network, parts["test"])}


def smaller() -> FamiliesOfBertConfig:
    """The same experiment, small enough for a test."""
    return FamiliesOfBertConfig(
        seeds=2,
        draws=2,
        layers=2,
        width=32,
        texts=64,
        steps=40,
    )
