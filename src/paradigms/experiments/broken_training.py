"""Networks trained with a common bug in the mask, the shift or the labels.

The language is synthetic, so the lowest possible loss is known: a training loss below
it reveals a leak.  Each network is also evaluated as it would be used, where it cannot
see its targets.  Texts differ in length, so that there is padding.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product
from statistics import mean
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from paradigms.data.markov_language import FIRST, MarkovLanguage
from paradigms.data.special_tokens import IGNORE, SPECIALS
from paradigms.evaluation.receptive_field import sees
from paradigms.evaluation.statistics import band, intervals
from paradigms.experiments.outcome import Outcome
from paradigms.experiments.pictures import Bands, Picture
from paradigms.experiments.runner.resume import Each, results_by_item, serial_map
from paradigms.generation.decoding import sample, without_special_tokens
from paradigms.masks import Rule, bidirectional, causal
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.objectives import next_token
from paradigms.training.loop import Batch, TrainingConfig
from paradigms.training.pretraining import Objective, in_order, masked_batch, pretrain

QUESTION = "Which symptoms does each common bug in masks, shifts and labels cause?"


@dataclass(frozen=True)
class BrokenTrainingConfig:
    """Texts of `shortest` to `length` words; `texts` of them to evaluate on.

    Masked runs take more steps, since a step has a target in fifteen of 100 words only.
    """

    words: int = 4
    shortest: int = 8
    length: int = 16
    width: int = 48
    batch: int = 64
    steps: int = 600
    masked_steps: int = 1500
    learning_rate: float = 3e-3
    texts: int = 500
    seeds: int = 5


CONFIG = BrokenTrainingConfig()


@dataclass(frozen=True)
class Variant:
    """A training run, correct or with one bug: its batches and its mask rule."""

    make_batch: Callable[[Tensor, torch.Generator], Batch]
    rule: Rule
    masked: bool = False


def smaller() -> BrokenTrainingConfig:
    """The same experiment, small enough for a test."""
    return BrokenTrainingConfig(
        width=32, steps=100, masked_steps=100, texts=100, seeds=2
    )


@dataclass(frozen=True)
class OneTooFar:
    """`k <= q + 1`, an off-by-one error in a causal mask."""

    def __call__(self, q: Any, k: Any) -> Any:
        return k <= q + 1


def variants(vocabulary: int) -> dict[str, Variant]:
    """The correct runs and the broken ones, by name."""
    masked = masked_batch(vocabulary)
    return {
        "GPT, correct": Variant(shifted, causal),
        "GPT, no causal mask": Variant(shifted, bidirectional),
        "GPT, mask one position too far": Variant(
            shifted, Rule("k <= q + 1", OneTooFar())
        ),
        "GPT, targets not shifted": Variant(not_shifted, causal),
        "GPT, targets shifted twice": Variant(shifted_twice, causal),
        "GPT, padding is a target": Variant(padding_as_target, causal),
        "BERT, correct": Variant(masked, bidirectional, masked=True),
        "BERT, causal mask left on": Variant(masked, causal, masked=True),
        "BERT, loss at every position": Variant(
            every_position(vocabulary), bidirectional, masked=True
        ),
        "BERT, chosen words not replaced": Variant(
            masked_batch(vocabulary, fates=(0.0, 0.0, 1.0)), bidirectional, masked=True
        ),
    }


def shifted(tokens: Tensor, _: torch.Generator) -> Batch:
    """Correct: the target of each position is the next token."""
    return Batch(*next_token(tokens))


def not_shifted(tokens: Tensor, _: torch.Generator) -> Batch:
    """Bug: the target of each position is its own input."""
    return Batch(tokens, tokens.masked_fill(tokens == SPECIALS.pad, IGNORE))


def shifted_twice(tokens: Tensor, rng: torch.Generator) -> Batch:
    """Bug: shifted in the data and again in the loss; the next token is skipped."""
    batch = shifted(tokens, rng)
    return replace(batch, targets=F.pad(batch.targets[:, 1:], (0, 1), value=IGNORE))


def padding_as_target(tokens: Tensor, rng: torch.Generator) -> Batch:
    """Bug: padding counts in the loss."""
    return replace(shifted(tokens, rng), targets=tokens)


def every_position(vocabulary: int) -> Callable[[Tensor, torch.Generator], Batch]:
    """Bug: the loss also counts the words that the input shows."""
    masked = masked_batch(vocabulary)

    def make_batch(tokens: Tensor, rng: torch.Generator) -> Batch:
        batch = masked(tokens, rng)
        return replace(
            batch, targets=tokens.masked_fill(tokens == SPECIALS.pad, IGNORE)
        )

    return make_batch


def run(config: BrokenTrainingConfig, each: Each = serial_map) -> Outcome:
    """A row and a figure of the training loss for each run."""
    names = variants(FIRST + config.words)
    results = results_by_item(
        each,
        product(names, range(config.seeds)),
        lambda item: symptoms(config, *item),
    )
    rows, figures = [], {}
    for name in names:
        by_seed = [results[name, seed] for seed in range(config.seeds)]
        rows.append({"name": name} | intervals([columns for columns, _ in by_seed]))
        figures[f"{name}/training loss"] = _picture(by_seed)
    return Outcome(rows, figures)


def _picture(
    by_seed: list[tuple[dict[str, float], list[tuple[int, float]]]],
) -> Picture:
    """The training loss over the steps, and the lowest possible loss."""
    steps = [step for step, _ in by_seed[0][1]]
    curves: dict[float, list[float]] = {
        step: [curve[i][1] for _, curve in by_seed] for i, step in enumerate(steps)
    }
    lowest = [columns["lowest possible loss"] for columns, _ in by_seed]
    return Bands(
        bands={
            "training loss": band(curves),
            "lowest possible loss": band(dict.fromkeys(steps, lowest)),
        }
    )


def symptoms(
    config: BrokenTrainingConfig, name: str, seed: int
) -> tuple[dict[str, float], list[tuple[int, float]]]:
    """The columns of a run, in nats per target, and its training loss by step."""
    language = MarkovLanguage(config.words, seed)
    rng = torch.Generator().manual_seed(seed)
    variant = variants(language.vocabulary)[name]
    steps = config.masked_steps if variant.masked else config.steps
    pool = padded(language, config, steps * config.batch, rng)
    texts = language.sample(config.texts, config.length, rng)
    torch.manual_seed(seed)
    size = GPTConfig(language.vocabulary, config.length + 1, config.width, 2, 4)
    network = GPT(size)
    training = TrainingConfig(steps, config.learning_rate, warmup=50)
    objective = Objective(variant.make_batch, lambda _: variant.rule)
    curve = pretrain(network, objective, in_order(pool, config.batch), training, seed)
    columns = {
        "training loss": mean(loss for _, loss in curve[-2:]),
        "later words visible": later_words_visible(network, variant.rule, texts[:1]),
    }
    with torch.no_grad():
        if variant.masked:
            columns |= blank_columns(network, variant.rule, language, texts)
        else:
            columns |= writing_columns(network, variant.rule, language, texts, rng)
    return columns, curve


def padded(
    language: MarkovLanguage,
    config: BrokenTrainingConfig,
    count: int,
    rng: torch.Generator,
) -> Tensor:
    """Texts of uniformly distributed lengths: (count, length) with padding."""
    texts = language.sample(count, config.length, rng)
    lengths = torch.randint(
        config.shortest, config.length + 1, (count, 1), generator=rng
    )
    return texts.masked_fill(torch.arange(config.length) >= lengths, SPECIALS.pad)


def later_words_visible(network: GPT, rule: Rule, text: Tensor) -> float:
    """How many later words affect an output, on average over a text (1, T)."""
    visible = sees(network, text, network.word, rule=rule)  # (T, T)
    return float(visible.triu(diagonal=1).sum() / len(visible))


def writing_columns(
    network: GPT,
    rule: Rule,
    language: MarkovLanguage,
    texts: Tensor,
    rng: torch.Generator,
) -> dict[str, float]:
    """The loss where the next word does not exist yet, and of texts by the network.

    `loss at inference`: of each next word, given those before it; nats per word.
    `loss of its samples`: of sampled texts under the language, nats per word.
    """
    start = torch.full((len(texts), 1), SPECIALS.bos)
    inputs = torch.cat([start, texts], dim=1)
    words_only = without_special_tokens(lambda tokens, **_: network(tokens, rule))
    losses = [
        F.cross_entropy(words_only(inputs[:, :t])[:, -1], inputs[:, t])
        for t in range(1, inputs.shape[1])
    ]
    own = sample(words_only, start, texts.shape[1], rng, cached=False)[:, 1:]
    return {
        "lowest possible loss": -float(language.log_p(texts).mean()),
        "loss at inference": float(torch.stack(losses).mean()),
        "loss of its samples": -float(language.log_p(own).mean()),
    }


def blank_columns(
    network: GPT, rule: Rule, language: MarkovLanguage, texts: Tensor
) -> dict[str, float]:
    """The loss at one blank in the middle, and the lowest that is possible there."""
    blank = texts.shape[1] // 2
    inputs = texts.clone()
    inputs[:, blank] = SPECIALS.mask
    logits = network(inputs, rule)[:, blank, FIRST:]
    words = texts[:, blank] - FIRST
    true_p = language.gap(texts, blank, blank + 1)
    return {
        "lowest possible loss": -float(true_p.gather(1, words[:, None]).log().mean()),
        "loss at inference": float(F.cross_entropy(logits, words)),
    }
