"""Pretraining on unlabelled reviews, then fine-tuning on few labels.

One network, twice: causal with next-token prediction, as GPT, and bidirectional with
masked tokens, as BERT.  Nothing else differs: shape, initial weights, texts, number of
steps and the mean state as features are the same.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from operator import itemgetter

import torch
from torch import Tensor

from paradigms.data import label_subsets
from paradigms.data.bag_of_words import count_words, unigram_log_p
from paradigms.data.review_endings import PaddedEndings, padded_endings
from paradigms.data.special_tokens import SPECIALS
from paradigms.evaluation.statistics import (
    band,
    intervals,
    paired_differences,
)
from paradigms.experiments.outcome import Outcome, Row
from paradigms.experiments.pictures import Bands
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.masks import Rule, bidirectional, causal
from paradigms.models.gpt import GPTConfig
from paradigms.objectives import masked_token, next_token
from paradigms.training.finetuning import Sweep, finetune
from paradigms.training.linear_probe import Labelled, linear_probe, score, standardise
from paradigms.training.loop import Batch, TrainingConfig, train
from paradigms.training.pretraining import MaskedOrCausalLM, loss_at_targets

QUESTION = "How much does pretraining on unlabelled texts help, for both objectives?"
COUNTED = "word counts"
STARTS = ("pretrained", "from scratch")
KINDS = ("tuned", "frozen")
Pairs = tuple[tuple[int, int], ...]
Columns = dict[str, float]


@dataclass(frozen=True)
class PretrainingVariant:
    """An objective; `make_batch(rows, vocabulary, rng)`: rows start with BOS."""

    name: str
    rule: Rule
    make_batch: Callable[[Tensor, int, torch.Generator], Batch]


VARIANTS = (
    PretrainingVariant(
        "next token", causal, lambda rows, *_: Batch(*next_token(rows[:, 1:]))
    ),
    PretrainingVariant(
        "masked token", bidirectional, lambda *args: Batch(*masked_token(*args))
    ),
)


@dataclass(frozen=True)
class TransferConfig:
    """Sizes of data and network; `steps` of fine-tuning for each number of labels.

    The texts are the last `tokens` - 1 words in the vocabulary of IMDB reviews; the
    unlabelled texts are these and as many words before them, of the training part.  As
    many validation texts as there are labels, at most `validation`, select among
    `rates` and `evaluations` of fine-tuning, and among `penalties` of each logistic
    regression.  Sizes were chosen on seed 0, which is not among the seeds.
    """

    steps: Pairs = ((50, 100), (200, 160), (1000, 360), (5000, 800))
    seeds: tuple[int, ...] = tuple(range(3, 11))
    vocabulary: int = 1000
    tokens: int = 24
    width: int = 64
    layers: int = 2
    heads: int = 4
    pretraining: int = 1000
    pretraining_rate: float = 3e-3
    pretraining_batch: int = 64
    batch: int = 32
    validation: int = 1000
    rates: tuple[float, ...] = (5e-4, 2e-3)
    evaluations: int = 4
    penalties: tuple[float, ...] = (1e-3, 1e-2, 1e-1)


CONFIG = TransferConfig()


def run(config: TransferConfig, each: Each = serial_map) -> Outcome:
    """Rows: error by kind and labels, differences, losses on words."""
    items = list(product(range(len(VARIANTS)), config.seeds))
    parts = each(items, lambda item: one_network(config, VARIANTS[item[0]], item[1]))
    baseline = each(config.seeds, lambda seed: bag_of_words(config, seed))
    errors = {COUNTED: [result["errors"] for result in baseline]}
    losses = {COUNTED: [result["words"] for result in baseline]}
    steps: dict[str, list[Columns]] = {}
    for index, variant in enumerate(VARIANTS):
        results = parts[index * len(config.seeds) :][: len(config.seeds)]
        losses[variant.name] = [result["words"] for result in results]
        for start, kind in product(STARTS, reversed(KINDS)):
            name = f"{variant.name}, {start}, {kind}"
            errors[name] = [result[f"{start}, {kind}"] for result in results]
            if kind == "tuned":
                steps[name] = [result[f"{start}, steps"] for result in results]
    rows: list[Row] = [
        {"name": name}
        | intervals(runs, shares=runs[0])
        | intervals(steps.get(name, [{}]))
        for name, runs in errors.items()
    ]
    rows += differences(errors)
    rows += [{"name": f"{n}, words"} | intervals(runs) for n, runs in losses.items()]
    overlap = [result["test endings"] for result in baseline]
    rows.append({"name": "test endings"} | intervals(overlap, shares=overlap[0]))
    return Outcome(
        rows, {f"{COUNTED}/{kind}": error_bands(config, errors, kind) for kind in KINDS}
    )


def error_bands(
    config: TransferConfig, errors: Mapping[str, list[Columns]], kind: str
) -> Bands:
    """For a figure: bag of words, and `tuned` or `frozen` networks, by labels."""
    keys = {COUNTED: COUNTED}
    for variant, start in product(VARIANTS, STARTS):
        keys[f"{variant.name}, {start}"] = f"{variant.name}, {start}, {kind}"
    bands = {}
    for name, key in keys.items():
        bands[name] = band(
            {
                size: [run[f"at {size}"] for run in errors[key]]
                for size, _ in config.steps
            },
            shares=True,
        )
    return Bands(bands=bands)


def differences(errors: Mapping[str, list[Columns]]) -> list[Row]:
    """Paired by seed: the effect of pretraining, and networks minus bag of words."""
    rows: list[Row] = []
    for variant, kind in product(VARIANTS, KINDS):
        pretrained, scratch = (f"{variant.name}, {start}, {kind}" for start in STARTS)
        effect = f"{variant.name}, {' - '.join(STARTS)}, {kind}"
        for name, other in (
            (effect, scratch),
            (f"{pretrained} - {COUNTED}", COUNTED),
        ):
            gaps = paired_differences(errors[pretrained], errors[other])
            rows.append({"name": name} | gaps)
    return rows


def texts(config: TransferConfig, seed: int) -> PaddedEndings:
    """The split of a seed."""
    return padded_endings(config.vocabulary, config.tokens, seed)


def pretrain_network(
    config: TransferConfig, variant: PretrainingVariant, seed: int
) -> MaskedOrCausalLM:
    """The network after `pretraining` steps on unlabelled texts."""
    network = build_network(config, variant, seed)
    unlabelled = texts(config, seed).unlabelled
    rng = torch.Generator().manual_seed(seed)

    def batch(_: int) -> Batch:
        size = (config.pretraining_batch,)
        rows = unlabelled[torch.randint(len(unlabelled), size, generator=rng)]
        return variant.make_batch(rows, config.vocabulary, rng)

    training = TrainingConfig(config.pretraining, config.pretraining_rate)
    train(network, batch, loss_at_targets, training)
    return network


def build_network(
    config: TransferConfig, variant: PretrainingVariant, seed: int
) -> MaskedOrCausalLM:
    """The same initial weights under both rules."""
    torch.manual_seed(seed)
    size = GPTConfig(
        config.vocabulary, config.tokens, config.width, config.layers, config.heads
    )
    network = MaskedOrCausalLM(size, variant.rule)
    return network.eval()


def one_network(
    config: TransferConfig, variant: PretrainingVariant, seed: int
) -> dict[str, Columns]:
    """Test errors and best steps by kind and number of labels; the loss on words."""
    split = texts(config, seed)
    starts = [make(config, variant, seed) for make in (pretrain_network, build_network)]
    results: dict[str, Columns] = {}
    for name, start in zip(STARTS, starts, strict=True):
        states = standardise_states(start, split.rows)
        frozen: Columns = {}
        tuned: Columns = {}
        best_steps: Columns = {}
        for indices, steps in label_draws(config, split, seed):
            size = len(indices)
            frozen[f"at {size}"] = probe_error(config, states, split.labels, indices)
            error, step = finetuning_error(config, start, split, indices, steps)
            tuned[f"at {size}"], best_steps[f"steps at {size}"] = error, step
        results[f"{name}, frozen"], results[f"{name}, tuned"] = frozen, tuned
        results[f"{name}, steps"] = best_steps
    rng = torch.Generator().manual_seed(0)
    batch = variant.make_batch(split.rows["test"], config.vocabulary, rng)
    with torch.no_grad():
        total, count = loss_at_targets(starts[0], batch)
    return results | {"words": {"loss": float(total / count)}}


def label_draws(
    config: TransferConfig, split: PaddedEndings, seed: int
) -> list[tuple[Tensor, int]]:
    """Indices of labelled texts, and fine-tuning steps: the same for every model."""
    rng = torch.Generator().manual_seed(seed)
    labels = split.labels["train"]
    return [
        (label_subsets.draw_subset(labels, size, rng), steps)
        for size, steps in config.steps
    ]


def standardise_states(
    network: MaskedOrCausalLM, rows: dict[str, Tensor]
) -> dict[str, Tensor]:
    """Mean states (N, W) of each part, standardised by the training part."""
    parts = {"train": rows["train"]} | rows
    with torch.no_grad():
        states = standardise(*(network.mean_state(x) for x in parts.values()))
    return dict(zip(parts, states, strict=True))


def labelled_parts(
    config: TransferConfig,
    x: dict[str, Tensor],
    labels: dict[str, Tensor],
    indices: Tensor,
) -> list[Labelled]:
    """The chosen training texts, as many for validation or fewer, and all for test."""
    count = min(len(indices), config.validation)
    return [
        Labelled(x["train"][indices], labels["train"][indices]),
        Labelled(x["validation"][:count], labels["validation"][:count]),
        Labelled(x["test"], labels["test"]),
    ]


def probe_error(
    config: TransferConfig,
    x: dict[str, Tensor],
    labels: dict[str, Tensor],
    indices: Tensor,
) -> float:
    """Test error of logistic regression, with the penalty chosen by validation."""
    parts = labelled_parts(config, x, labels, indices)
    scores = [linear_probe(*parts, penalty=penalty) for penalty in config.penalties]
    _, test = min(scores, key=itemgetter(0))  # of equals the first
    return test.error


def finetuning_error(
    config: TransferConfig,
    start: MaskedOrCausalLM,
    split: PaddedEndings,
    indices: Tensor,
    steps: int,
) -> tuple[float, int]:
    """All weights fine-tuned on the chosen labels: test error, and the best step."""
    parts = labelled_parts(config, split.rows, split.labels, indices)
    train_part, validation, test = parts
    sweep = Sweep(steps, config.rates, config.evaluations, config.batch)
    best = finetune(start, train_part, validation, sweep)
    with torch.no_grad():
        return score(best.network(test.x), test.labels).error, best.step


def bag_of_words(config: TransferConfig, seed: int) -> dict[str, Columns]:
    """Logistic regression on bags of words; the loss of a unigram model."""
    split = texts(config, seed)
    x = {p: count_words(rows, config.vocabulary) for p, rows in split.rows.items()}
    errors = {
        f"at {len(indices)}": probe_error(config, x, split.labels, indices)
        for indices, _ in label_draws(config, split, seed)
    }
    train_words, test_words = (
        rows[rows >= SPECIALS.first_word]
        for rows in (split.unlabelled, split.rows["test"])
    )
    loss = -unigram_log_p(train_words, config.vocabulary)[test_words].mean()
    return {
        "errors": errors,
        "words": {"loss": float(loss)},
        "test endings": {"among texts without labels": overlap(split)},
    }


def overlap(split: PaddedEndings) -> float:
    """The share of whole test endings that are also among the unlabelled texts."""
    unlabelled, test = (
        {tuple(row) for row in rows.tolist() if SPECIALS.pad not in row}
        for rows in (split.unlabelled, split.rows["test"])
    )
    return len(unlabelled & test) / len(test)


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
        validation=300,
        evaluations=2,
    )
