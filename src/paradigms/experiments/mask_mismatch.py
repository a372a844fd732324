"""What [MASK] costs on input without it: how selected tokens are corrupted in training.

Texts come from one of two synthetic dialects over the same words, without labels.
After pretraining the network is frozen, texts have no [MASK], and a linear probe with
few labels predicts the dialect from the states.
"""

from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor, nn

from paradigms.data.markov_language import FIRST, MarkovLanguage
from paradigms.data.special_tokens import IGNORE
from paradigms.evaluation.statistics import intervals, paired_differences
from paradigms.experiments.outcome import Outcome, Row
from paradigms.experiments.runner.resume import Each, results_by_item, serial_map
from paradigms.masks import bidirectional
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.objectives import replaced_token
from paradigms.objectives.masked import Fates
from paradigms.training.electra import (
    GeneratorAndDiscriminator,
    replaced_token_detection,
)
from paradigms.training.linear_probe import Labelled, probe_states
from paradigms.training.loop import Batch, TrainingConfig
from paradigms.training.pretraining import (
    Objective,
    in_order,
    masked_batch,
    pretrain,
    with_head,
)

QUESTION = "What does [MASK] in training cost on input without it?"


@dataclass(frozen=True)
class Corruption:
    """How selected words are shown; `all_targets`: every word is predicted."""

    name: str
    fates: Fates
    all_targets: bool = False


MASK_ALONE = Corruption("mask alone", (1.0, 0.0, 0.0))
CORRUPTIONS = {
    corruption.name: corruption
    for corruption in (
        MASK_ALONE,
        Corruption("BERT, 80-10-10", (0.8, 0.1, 0.1)),
        Corruption("no random words, 80-0-20", (0.8, 0.0, 0.2)),
        Corruption("random words, 80-20-0", (0.8, 0.2, 0.0)),
        Corruption("all positions, no mask", (0.0, 1.0, 0.0), all_targets=True),
    )
}
ELECTRA, UNTRAINED = "ELECTRA", "no training"
NAMES = (*CORRUPTIONS, ELECTRA, UNTRAINED)
Scores = dict[str, float]


@dataclass(frozen=True)
class MaskMismatchConfig:
    """Each seed has other dialects, weights and texts; the probe has `labels`."""

    seeds: int = 12
    words: int = 6
    length: int = 8
    width: int = 48
    batch: int = 64
    steps: int = 1200
    labels: int = 200
    texts: int = 2000


CONFIG = MaskMismatchConfig()


def masked_objective(corruption: Corruption, vocabulary: int) -> Objective:
    """Prediction of the selected words, or of every word."""
    mask = masked_batch(vocabulary, fates=corruption.fates)

    def all_targets(tokens: Tensor, rng: torch.Generator) -> Batch:
        return Batch(mask(tokens, rng).inputs, tokens)

    make_batch = all_targets if corruption.all_targets else mask
    return Objective(make_batch, lambda _: bidirectional)


def run(config: MaskMismatchConfig, each: Each = serial_map) -> Outcome:
    """A row per corruption, and its differences from two baselines.

    The baselines are [MASK] alone, and no training.
    """
    items = product(NAMES, range(config.seeds))
    results = results_by_item(each, items, lambda item: scores(config, *item))
    runs = {
        name: [results[name, seed] for seed in range(config.seeds)] for name in NAMES
    }
    pairs = [(name, MASK_ALONE.name) for name in NAMES if name != MASK_ALONE.name]
    pairs += [(name, UNTRAINED) for name in NAMES if name != UNTRAINED]
    rows: list[Row] = [
        {"name": name} | intervals(runs[name], shares=runs[name][0]) for name in NAMES
    ]
    rows += [
        {"name": f"{name} - {other}"} | paired_differences(runs[name], runs[other])
        for name, other in pairs
    ]
    return Outcome(rows)


def scores(config: MaskMismatchConfig, name: str, seed: int) -> Scores:
    """Accuracy of probes for the dialect on frozen states of unmasked texts."""
    dialects = [MarkovLanguage(config.words, 100 * seed + k) for k in (0, 1)]
    vocabulary = dialects[0].vocabulary
    rng = torch.Generator().manual_seed(seed)
    pool = mixed_texts(dialects, config.steps * config.batch, config.length, rng).x
    torch.manual_seed(seed)
    size = GPTConfig(vocabulary, config.length, config.width, 2, 4)
    small = GPTConfig(vocabulary, config.length, config.width // 2, 2, 4)
    electra = GeneratorAndDiscriminator(GPT(small), GPT(size))
    network = GPT(size)

    def pretrain_on_pool(model: nn.Module, objective: Objective) -> None:
        training = TrainingConfig(config.steps, 5e-3, warmup=50)
        pretrain(model, objective, in_order(pool, config.batch), training, seed)

    if name == ELECTRA:
        pretrain_on_pool(electra, replaced_token_detection(vocabulary))
    elif name != UNTRAINED:
        pretrain_on_pool(network, masked_objective(CORRUPTIONS[name], vocabulary))
    train = mixed_texts(dialects, config.labels, config.length, rng)
    test = mixed_texts(dialects, config.texts, config.length, rng)
    if name == ELECTRA:
        results = probe_accuracies(electra.discriminator, train, test)
        return results | detection(electra, test.x, vocabulary, rng)
    results = probe_accuracies(network, train, test)
    return results if name == UNTRAINED else results | visible_words(network, test.x)


def probe_accuracies(network: GPT, train: Labelled, test: Labelled) -> Scores:
    """A probe of the mean state, and one of a state in the middle of the text."""
    backbone, middle = with_head(network), train.x.shape[1] // 2
    return {
        "dialect, mean state": probe_accuracy(backbone, train, test, slice(None)),
        "dialect, one state": probe_accuracy(
            backbone, train, test, slice(middle, middle + 1)
        ),
    }


def probe_accuracy(
    backbone: GPT, train: Labelled, test: Labelled, positions: slice
) -> float:
    """Accuracy of a linear probe on the mean state of some positions."""
    with torch.no_grad():
        states = (
            Labelled(
                backbone(part.x, bidirectional)[:, positions].mean(dim=1), part.labels
            )
            for part in (train, test)
        )
        (result,) = probe_states(*states)
    return result.accuracy


@torch.no_grad()
def visible_words(network: GPT, texts: Tensor) -> Scores:
    """The share of unmasked words that the network predicts in their own place."""
    logits = network(texts, bidirectional)[..., FIRST:]
    correct = logits.argmax(dim=-1) == texts - FIRST
    return {"accuracy, visible words": float(correct.double().mean())}


@torch.no_grad()
def detection(
    networks: GeneratorAndDiscriminator,
    texts: Tensor,
    vocabulary: int,
    rng: torch.Generator,
) -> Scores:
    """The share of replaced words, and the discriminator's accuracy and recall.

    `replaced` is also its error if it calls every word original.
    """
    masked = masked_batch(vocabulary, fates=(1.0, 0.0, 0.0))(texts, rng)
    logits = networks.generator(masked.inputs, bidirectional)
    corrupted, targets = replaced_token(texts, masked.targets != IGNORE, logits, rng)
    predicted = networks.discriminator(corrupted, bidirectional)[..., 0] > 0
    is_replaced = targets.bool()
    return {
        "replaced": float(is_replaced.double().mean()),
        "discriminator accuracy": float((predicted == is_replaced).double().mean()),
        "discriminator recall": float(predicted[is_replaced].double().mean()),
    }


def mixed_texts(
    dialects: list[MarkovLanguage], count: int, length: int, rng: torch.Generator
) -> Labelled:
    """Texts (N, T) of both dialects in random order, with their dialects (N,).

    They are cut from longer texts: the first words alone would reveal the dialect.
    """
    half = count // 2
    texts = torch.cat([d.sample(half, length + 8, rng)[:, 8:] for d in dialects])
    order = torch.randperm(2 * half, generator=rng)
    return Labelled(texts[order], (order >= half).long())


def smaller() -> MaskMismatchConfig:
    """The same experiment, small enough for a test."""
    return MaskMismatchConfig(
        seeds=2, words=4, length=8, width=32, steps=150, texts=500
    )
