"""What RoBERTa and ALBERT changed in BERT's masks and weights, one change at a time.

Static or dynamic masks; shared layers; factorised embeddings.
"""

from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor, nn

from paradigms.data.bag_of_words import unigram_log_p
from paradigms.data.review_endings import review_endings
from paradigms.data.special_tokens import IGNORE
from paradigms.evaluation.statistics import intervals, paired_differences
from paradigms.experiments.outcome import Outcome, Row
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.models.bert import BERT
from paradigms.models.encoder import EncoderConfig
from paradigms.objectives import masked_token, static_mask
from paradigms.training.loop import Batch, TrainingConfig, train
from paradigms.training.pretraining import loss_at_targets

QUESTION = "What does each change of RoBERTa and ALBERT do on its own?"
Columns = dict[str, float]
PLAIN, SAME = "unigram model", "unigram model, same texts"


@dataclass(frozen=True)
class Form:
    """A form of the network: are blocks shared, and the width of embeddings."""

    name: str
    shared: bool = False
    embedding: int | None = None


PLAIN_BERT = Form("BERT")
FORMS = (
    PLAIN_BERT,
    Form("shared layers", shared=True),
    Form("factorised embeddings", embedding=16),
    Form("ALBERT", shared=True, embedding=16),
)


@dataclass(frozen=True)
class FamiliesOfBertConfig:
    """Sizes of data and networks; `seeds` for training, `draws` for mask statistics.

    Masks: `texts` texts for `epochs` epochs, with one mask, `copies` masks, or dynamic.
    Forms: `steps` steps on fresh batches of all training texts.
    """

    seeds: int = 8
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


def run(config: FamiliesOfBertConfig, each: Each = serial_map) -> Outcome:
    """A row per masking, per form of the network, per unigram model, and per pair."""
    copies = (1, config.copies, config.epochs)
    statistics = each(range(config.draws), lambda seed: mask_overlaps(config, seed))
    seeds = range(config.seeds)
    items = list(product(copies, seeds))
    mask_results = each(items, lambda item: mask_losses(config, *item))
    form_items = list(product(range(len(FORMS)), seeds))
    form_results = each(
        form_items, lambda item: form_loss(config, FORMS[item[0]], item[1])
    )
    runs: dict[str, list[Columns]] = {}
    for (count, _), losses in zip(items, mask_results, strict=True):
        runs.setdefault(mask_name(config, count), []).append(losses)
    for (index, _), losses in zip(form_items, form_results, strict=True):
        runs.setdefault(FORMS[index].name, []).append(losses)
    for name, limit in ((PLAIN, None), (SAME, config.texts)):
        runs[name] = [unigram_loss(config, limit, seed) for seed in seeds]
    extra: dict[str, Row] = {
        name: dict(intervals([r[name] for r in statistics], shares=statistics[0][name]))
        for name in statistics[0]
    }
    extra |= {form.name: dict(parameters(config, form)) for form in FORMS}
    rows: list[Row] = [
        {"name": name} | extra.get(name, {}) | intervals(losses)
        for name, losses in runs.items()
    ]
    for name, other in pairs(config):
        test_losses = [
            [{"test loss": r["test loss"]} for r in runs[n]] for n in (name, other)
        ]
        rows.append({"name": f"{name} - {other}"} | paired_differences(*test_losses))
    return Outcome(rows)


def pairs(config: FamiliesOfBertConfig) -> list[tuple[str, str]]:
    """Pairs compared split by split: maskings, forms, and both with unigrams."""
    static = mask_name(config, config.copies)
    comparisons = [(static, "dynamic"), ("dynamic", SAME), ("dynamic", PLAIN)]
    comparisons += [(form.name, PLAIN_BERT.name) for form in FORMS[1:]]
    return comparisons + [(form.name, PLAIN) for form in FORMS]


def mask_name(config: FamiliesOfBertConfig, copies: int) -> str:
    """The name of a masking with so many masks per text."""
    if copies == config.epochs:
        return "dynamic"
    return "static, 1 copy" if copies == 1 else f"static, {copies} copies"


def masks(
    config: FamiliesOfBertConfig, rows: Tensor, copies: int, rng: torch.Generator
) -> Batch:
    """Inputs and targets of every epoch, (epochs, B, T), with `copies` masks a text."""
    if copies == config.epochs:
        batches = [masked_token(rows, config.vocabulary, rng) for _ in range(copies)]
        return Batch(
            torch.stack([inputs for inputs, _ in batches]),
            torch.stack([targets for _, targets in batches]),
        )
    inputs, targets = static_mask(rows, config.vocabulary, rng, copies)
    epoch = torch.arange(config.epochs) % copies
    return Batch(inputs[epoch], targets[epoch])


def mask_overlaps(config: FamiliesOfBertConfig, seed: int) -> dict[str, Columns]:
    """The `overlaps` of the masks of all epochs, for each masking."""
    endings = review_endings(config.vocabulary, config.tokens, seed)
    rows = endings.rows["train"][: config.texts]
    statistics = {}
    for copies in (1, config.copies, config.epochs):
        rng = torch.Generator().manual_seed(seed)
        targets = masks(config, rows, copies, rng).targets
        statistics[mask_name(config, copies)] = overlaps(targets != IGNORE)
    return statistics


def overlaps(masked: Tensor) -> Columns:
    """How much masks (epochs, B, T) repeat, as shares.

    `overlap`: of the words masked in one epoch, those masked in another as well, over
    all pairs of epochs; `distinct masks`: different masks of a text by epochs; `masked
    at least once`: words that are masked in some epoch.
    """
    epochs, rows, _ = masked.shape
    times = masked.double().sum(dim=0)  # (B, T)
    repeats = times * (times - 1) / (epochs - 1)  # summed over the partner epochs
    distinct = sum(
        len({tuple(mask) for mask in text})
        for text in masked.transpose(0, 1).tolist()  # B texts of epochs masks
    )
    return {
        "overlap": float(repeats.sum() / times.sum()),
        "distinct masks": distinct / (rows * epochs),
        "masked at least once": float((times > 0).double().mean()),
    }


class MaskedLM(nn.Module):
    """BERT's logits at the masked positions: (B, T), boolean (B, T) -> (N, V)."""

    def __init__(self, config: FamiliesOfBertConfig, form: Form) -> None:
        super().__init__()
        self.bert = BERT(encoder_config(config, form))

    def forward(self, rows: Tensor, positions: Tensor) -> Tensor:
        logits: Tensor = self.bert.mlm_head(self.bert.encoder(rows)[positions])
        return logits


def encoder_config(config: FamiliesOfBertConfig, form: Form) -> EncoderConfig:
    """The encoder configuration of a form."""
    return EncoderConfig(
        config.vocabulary,
        config.tokens,
        config.width,
        config.layers,
        config.heads,
        4 * config.width,
        segments=1,
        embedding=form.embedding,
        shared=form.shared,
    )


def parameters(config: FamiliesOfBertConfig, form: Form) -> dict[str, int]:
    """Parameters of the encoder and its word head: all, of embeddings, of blocks."""
    bert = MaskedLM(config, form).bert
    encoder = bert.encoder

    def count(*modules: nn.Module) -> int:
        weights = {id(p): p.numel() for module in modules for p in module.parameters()}
        return sum(weights.values())  # tied weights once

    return {
        "parameters": count(encoder, bert.mlm_head),
        "embedding parameters": count(encoder.word, encoder.widen),
        "block parameters": count(encoder.stack),
    }


def held_out_loss(
    config: FamiliesOfBertConfig, network: nn.Module, rows: Tensor
) -> float:
    """Mean log-loss on test texts, with the same masks for all networks, in nats."""
    rng = torch.Generator().manual_seed(0)
    batch = Batch(*masked_token(rows, config.vocabulary, rng))
    with torch.no_grad():
        total, count = loss_at_targets(network, batch)
    return float(total / count)


def unigram_loss(config: FamiliesOfBertConfig, limit: int | None, seed: int) -> Columns:
    """Log-loss, on the same targets, of a unigram model of `limit` training texts."""
    parts = review_endings(config.vocabulary, config.tokens, seed).rows
    log_p = unigram_log_p(parts["train"][:limit], config.vocabulary)
    rng = torch.Generator().manual_seed(0)
    _, targets = masked_token(parts["test"], config.vocabulary, rng)
    return {"test loss": float(-log_p[targets[targets != IGNORE]].mean())}


def mask_losses(config: FamiliesOfBertConfig, copies: int, seed: int) -> Columns:
    """Train on a few texts for many epochs: final training loss, and test loss."""
    parts = review_endings(config.vocabulary, config.tokens, seed).rows
    rows = parts["train"][: config.texts]
    rng = torch.Generator().manual_seed(seed)
    masked = masks(config, rows, copies, rng)
    torch.manual_seed(seed)
    network = MaskedLM(config, PLAIN_BERT)
    batches_per_epoch = len(rows) // config.batch
    orders = [torch.randperm(len(rows), generator=rng) for _ in range(config.epochs)]

    def batch(step: int) -> Batch:
        epoch, index = divmod(step, batches_per_epoch)
        indices = orders[epoch][index * config.batch :][: config.batch]
        return Batch(masked.inputs[epoch, indices], masked.targets[epoch, indices])

    training = TrainingConfig(config.epochs * batches_per_epoch, config.rate)
    history = train(network, batch, loss_at_targets, training, batches_per_epoch)
    return {
        "training loss": history[-1][1],
        "test loss": held_out_loss(config, network, parts["test"]),
    }


def form_loss(config: FamiliesOfBertConfig, form: Form, seed: int) -> Columns:
    """Train a form with dynamic masks on all texts: its test loss in nats."""
    parts = review_endings(config.vocabulary, config.tokens, seed).rows
    rng = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    network = MaskedLM(config, form)

    def batch(_: int) -> Batch:
        size = (config.batch,)
        indices = torch.randint(len(parts["train"]), size, generator=rng)
        rows = parts["train"][indices]
        return Batch(*masked_token(rows, config.vocabulary, rng))

    train(network, batch, loss_at_targets, TrainingConfig(config.steps, config.rate))
    return {"test loss": held_out_loss(config, network, parts["test"])}


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
