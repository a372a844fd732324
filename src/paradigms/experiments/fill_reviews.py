"""How soon each kind of model learns to fill a gap in real text from both sides.

Passages of reviews in characters, so that nothing is left out.  Each model has its own
learning rate, chosen on validation passages; all are trained for the same number of
steps and evaluated on the way.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from paradigms.data.review_characters import (
    one_passage_each,
    review_characters,
    sample_passages,
)
from paradigms.data.special_tokens import SPECIALS
from paradigms.evaluation.statistics import (
    band,
    intervals,
    paired_differences,
    t_interval,
)
from paradigms.experiments.fill_and_continue import (
    Predict,
    Prompt,
    Sizes,
    TrainAndTest,
    build_gpt,
    build_t5,
    causal_logits,
    fim_logits,
    gpt_network,
    markers_after,
    masked_logits,
    nats_and_accuracy,
    t5_logits,
    unigram_logits,
)
from paradigms.experiments.outcome import Outcome, Row
from paradigms.experiments.pictures import Bands, Picture
from paradigms.experiments.runner.resume import Each, results_by_item, serial_map
from paradigms.objectives import move_middle, next_token
from paradigms.training.initialisation import initialise_by_width
from paradigms.training.loop import Batch, TrainingConfig
from paradigms.training.pretraining import Objective, in_order, pretrain

QUESTION = "How soon does each model learn to use both sides of a gap in reviews?"
GPT, BERT, DIFFUSION, T5 = "GPT", "BERT", "masked diffusion", "T5"
PREFIX_FIRST = "GPT, fill-in-the-middle, prefix first"
SUFFIX_FIRST = "GPT, fill-in-the-middle, suffix first"
UNIGRAM = "character frequencies"
REARRANGED = 0.9  # of the texts: the most with which Bavarian et al. report no loss
# In a figure, by a short name.
CURVES = {
    "BERT": BERT,
    "masked diffusion": DIFFUSION,
    "T5": T5,
    "GPT, suffix first": SUFFIX_FIRST,
    "GPT, prefix first": PREFIX_FIRST,
}


@dataclass(frozen=True)
class FillReviewsConfig:
    """Passages of `length` characters with a gap of `gap` characters after `start`.

    Each learning rate is tried for `tuning_steps` on the split `tuning_seed`, which is
    not among the `seeds`.  Trained models are evaluated `evaluations` times, at even
    distances.
    """

    seeds: int = 3
    length: int = 16
    start: int = 7
    gap: int = 2
    width: int = 48
    batch: int = 32
    rates: tuple[float, ...] = (1e-3, 3e-3, 1e-2, 3e-2)
    tuning_seed: int = 100
    tuning_steps: int = 500
    steps: int = 3000
    evaluations: int = 6


CONFIG = FillReviewsConfig()
Scores = dict[str, float]
Course = dict[int, Scores]  # by the number of steps trained so far
Build = Callable[[Sizes, int], tuple[nn.Module, Objective]]  # also the first marker


class Filler(NamedTuple):
    """A network and its objective, and its logits of the next character (N, V)."""

    build: Build
    next_logits: Callable[[nn.Module, Prompt], Tensor]


def run(config: FillReviewsConfig, each: Each = serial_map) -> Outcome:
    """A row per model, and one for each minus the GPT, paired by seed."""
    tuning = results_by_item(
        each,
        product(MODELS, config.rates),
        lambda item: validation_loss(config, *item),
    )
    losses = {
        model: {rate: tuning[model, rate] for rate in config.rates} for model in MODELS
    }
    rates = {
        model: min(config.rates, key=lambda rate: losses[model][rate])
        for model in MODELS
    }
    results = results_by_item(
        each,
        product(MODELS, range(config.seeds)),
        lambda item: scores_by_step(config, *item, rates[item[0]]),
    )
    runs = {
        model: [results[model, seed] for seed in range(config.seeds)]
        for model in MODELS
    }
    last = {model: [run[config.steps] for run in runs[model]] for model in MODELS}
    last[UNIGRAM] = [unigram_scores(config, seed) for seed in range(config.seeds)]
    rows: list[Row] = [{"name": "reviews", "repetitions": config.seeds}]
    for model, of_seeds in last.items():
        row: Row = {"name": model, **intervals(of_seeds, ["fill, accuracy"])}
        if model != UNIGRAM:
            row["learning rate"] = rates[model]
            row |= training_columns(losses[model], runs[model])
        rows.append(row)
    rows += differences(last)
    figures: dict[str, Picture] = {
        f"reviews/{column}": Bands(
            bands={
                name: band(values_by_step(runs[model], column))
                for name, model in CURVES.items()
            }
        )
        for column in ("suffix saves", "wrong suffix costs")
    }
    return Outcome(rows, figures)


def differences(last: dict[str, list[Scores]]) -> list[Row]:
    """The loss of each model minus that of the GPT, by task."""
    rows: list[Row] = []
    for model, scores in last.items():
        if model != GPT:
            gaps = paired_differences(scores, last[GPT])
            tasks = {task: gaps[task] for task in ("fill", "continue")}
            rows.append({"name": f"{model} - {GPT}", **tasks})
    return rows


def training_columns(losses: dict[float, float], runs: list[Course]) -> Row:
    """The validation loss of each rate, and what the suffix saves after some steps."""
    row: Row = {
        f"validation loss, rate {rate:g}": loss for rate, loss in losses.items()
    }
    for step, values in values_by_step(runs, "suffix saves").items():
        row[f"suffix saves, {step} steps"] = t_interval(values)
    return row


def values_by_step(runs: list[Course], column: str) -> dict[float, list[float]]:
    """The scores in a column, one for each run, by step."""
    return {step: [run[step][column] for run in runs] for step in runs[0]}


def passages(
    config: FillReviewsConfig, seed: int, steps: int, part: str
) -> TrainAndTest:
    """Passages for so many steps, and one of each review of the part to evaluate."""
    rng = torch.Generator().manual_seed(seed)
    characters = review_characters(seed)
    count = steps * config.batch
    return TrainAndTest(
        sample_passages(characters.texts["train"], config.length, count, rng),
        one_passage_each(characters.texts[part], config.length, rng),
        characters.vocabulary,
        None,
    )


def validation_loss(config: FillReviewsConfig, model: str, rate: float) -> float:
    """Nats per character of the gap, on the validation part of the tuning split."""
    seed, steps = config.tuning_seed, config.tuning_steps
    data = passages(config, seed, steps, "validation")
    return train_and_evaluate(config, model, data, seed, rate, 1)[steps]["fill"]


def scores_by_step(
    config: FillReviewsConfig, model: str, seed: int, rate: float
) -> Course:
    """Test scores by the number of steps trained so far."""
    data = passages(config, seed, config.steps, "test")
    return train_and_evaluate(config, model, data, seed, rate, config.evaluations)


def train_and_evaluate(
    config: FillReviewsConfig,
    model: str,
    data: TrainAndTest,
    seed: int,
    rate: float,
    evaluations: int,
) -> Course:
    """Scores of a network at even distances of its training, by step."""
    torch.manual_seed(seed)
    filler = MODELS[model]
    network, objective = filler.build(config, data.vocabulary)
    initialise_by_width(network)
    steps = len(data.pool) // config.batch
    results: Course = {}
    batches = in_order(data.pool, config.batch)

    def evaluate(step: int) -> None:
        def predictor(suffix: Tensor | None) -> Predict:
            return lambda text: filler.next_logits(
                network,
                Prompt(text, suffix, config.start, config.length, data.vocabulary),
            )

        results[step] = scores(config, data, predictor)

    def texts(step: int) -> Tensor:
        if step and step % (steps // evaluations) == 0:
            evaluate(step)
        return batches(step)

    pretrain(network, objective, texts, TrainingConfig(steps, rate, warmup=50), seed)
    evaluate(steps)
    return results


def scores(
    config: FillReviewsConfig,
    data: TrainAndTest,
    predictor: Callable[[Tensor | None], Predict],
) -> Scores:
    """Nats per character of the gap, and the accuracy of one guess.

    `wrong suffix`: the same gap before another passage's suffix, a cost to models that
    use it.  `suffix saves`: nats per character, against the same network without it.
    """
    suffixes = data.test[:, config.start + config.gap :]
    fill, accuracy = nats_and_accuracy(predictor(suffixes), data, config)
    wrong, _ = nats_and_accuracy(predictor(suffixes.roll(1, dims=0)), data, config)
    continued, _ = nats_and_accuracy(predictor(None), data, config)
    return {
        "fill": fill,
        "fill, accuracy": accuracy,
        "continue": continued,
        "wrong suffix costs": wrong - fill,
        "suffix saves": continued - fill,
    }


def unigram_scores(config: FillReviewsConfig, seed: int) -> Scores:
    """Scores of the frequencies of characters, which see neither side."""
    data = passages(config, seed, config.steps, "test")
    log_counts = unigram_logits(data)
    nats, accuracy = nats_and_accuracy(
        lambda text: log_counts.expand(len(text), -1), data, config
    )
    return {"fill": nats, "fill, accuracy": accuracy, "continue": nats}


def rearranged(config: Sizes, vocabulary: int, suffix_first: bool) -> Objective:
    """The middle moved to the end in most texts; all padded to one length.

    `suffix_first`: the prefix comes after the suffix, and the middle continues it.
    The middle is a gap like those of T5 here; the authors cut at any two positions.
    Source: Bavarian et al. (2022), sections 3 and 3.1: PSM, and SPM in its second form.
    """
    markers = markers_after(vocabulary)

    def make_batch(tokens: Tensor, rng: torch.Generator) -> Batch:
        count = round(REARRANGED * len(tokens))
        texts, plain = tokens[:count], tokens[count:]
        last_start = texts.shape[1] - config.gap
        start = torch.randint(last_start + 1, (count, 1), generator=rng)
        first, size = (0, start + config.gap) if suffix_first else (start, config.gap)
        moved = move_middle(texts, first, size, markers)
        moved, plain = (F.pad(x, (0, 1), value=SPECIALS.eos) for x in (moved, plain))
        plain = F.pad(plain, (0, 3), value=SPECIALS.pad)
        return Batch(*next_token(torch.cat([moved, plain])))

    return Objective(make_batch)


def suffix_first_logits(network: nn.Module, prompt: Prompt) -> Tensor:
    """The GPT's logits after PREFIX, SUFFIX, the suffix, MIDDLE, the text."""
    if prompt.suffix is None:
        return causal_logits(network, prompt)
    whole = torch.cat([prompt.text, prompt.suffix], dim=1)
    markers = markers_after(prompt.vocabulary)
    text = move_middle(whole, 0, prompt.text.shape[1], markers)
    return causal_logits(network, prompt._replace(text=text))


def build_rearranged(suffix_first: bool) -> Build:
    """A GPT network that is trained to fill in the middle, in one of the orders."""

    def build(config: Sizes, vocabulary: int) -> tuple[nn.Module, Objective]:
        objective = rearranged(config, vocabulary, suffix_first)
        return gpt_network(config, vocabulary), objective

    return build


MODELS = {
    GPT: Filler(build_gpt("next token"), causal_logits),
    PREFIX_FIRST: Filler(build_rearranged(suffix_first=False), fim_logits),
    SUFFIX_FIRST: Filler(build_rearranged(suffix_first=True), suffix_first_logits),
    BERT: Filler(build_gpt("masked"), masked_logits),
    DIFFUSION: Filler(build_gpt("masked diffusion"), masked_logits),
    T5: Filler(build_t5, t5_logits),
}


def smaller() -> FillReviewsConfig:
    """The same experiment, small enough for a test."""
    return FillReviewsConfig(
        seeds=2, width=32, rates=(3e-3, 1e-2), tuning_steps=30, steps=80, evaluations=2
    )
