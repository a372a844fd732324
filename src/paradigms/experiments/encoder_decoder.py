"""Numbers written out, in one of two languages: four networks of about equal size.

The source is a prefix and a number from 1 to 999, the target the same number in English
words or Roman numerals.  The prefix names the language, as T5's do, or leaves it out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Any, TypeAlias, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from paradigms.data import numerals
from paradigms.data.numerals import LONGEST, SourceStyle, translations
from paradigms.data.special_tokens import SPECIALS
from paradigms.evaluation.receptive_field import sees, visible
from paradigms.evaluation.statistics import band, intervals, paired_differences
from paradigms.experiments.outcome import Outcome, Row
from paradigms.experiments.pictures import Bands, Picture
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.generation.decoding import Network, as_decoder, greedy
from paradigms.models import bart, gpt, t5
from paradigms.models.encoder_decoder import EncoderDecoder
from paradigms.models.prefix_lm import After, PrefixLM
from paradigms.objectives import next_token, prefix, summed_cross_entropy
from paradigms.training.initialisation import initialise_by_width
from paradigms.training.loop import Tensors, TrainingConfig, train

QUESTION = "Which network learns to translate, and what if no language is named?"
NAMED, NOT_NAMED = "language named", "language not named"
TASKS = {
    NAMED: SourceStyle(True, True),
    NOT_NAMED: SourceStyle(False, True),
    "plain digits": SourceStyle(True, False),
}
MATCH, LOSS = "exact match", "loss per output"
Course: TypeAlias = list[dict[str, float]]  # scores at each evaluation
Courses: TypeAlias = dict[tuple[str, str], list[Course]]  # network, task: by seed


@dataclass(frozen=True)
class EncoderDecoderConfig:
    """Numbers up to 999: `test` of them are held out, the others are trained on.

    One run per network, task and seed, evaluated after `evaluation_steps`.  The rate
    was the best of 0.001, 0.003 and 0.01 for T5, BART and the decoder-only network, on
    plain digits and seed 100, which is not among the seeds.
    """

    tasks: tuple[str, ...] = (NAMED, NOT_NAMED, "plain digits")
    networks: tuple[str, ...] = ("T5", "BART", "prefix LM", "decoder-only")
    seeds: int = 5
    control_seeds: int = 3  # if no language is named, and for T5's small start
    evaluation_steps: tuple[int, ...] = (50, 100, 200, 400)
    test: int = 200
    batch: int = 32
    width: int = 64
    heads: int = 4
    layers: int = 2  # of a single stack; encoder and decoder have half each
    rate: float = 3e-3


CONFIG = EncoderDecoderConfig()


@dataclass(frozen=True)
class TranslationNetwork:
    """A network, its word embeddings, and how it reads a source and its output.

    `reader(network, source)` returns a network for texts that begin with the source;
    None for an encoder-decoder, which reads the source apart.
    """

    name: str
    build: Callable[[EncoderDecoderConfig], nn.Module]
    word: Callable[[nn.Module], nn.Embedding]
    reader: Callable[[Any, Tensor], Network] | None = None


def build_t5(config: EncoderDecoderConfig) -> nn.Module:
    """T5 with a narrower feed-forward layer, which makes up for cross-attention."""
    return t5.T5(
        t5.T5Config(
            vocabulary=numerals.VOCABULARY,
            width=config.width,
            layers=config.layers // 2,
            heads=config.heads,
            head_width=config.width // config.heads,
            hidden=3 * config.width,
        )
    )


def build_bart(config: EncoderDecoderConfig) -> nn.Module:
    """BART with a feed-forward layer as narrow as that of T5."""
    bart_config = bart.BARTConfig(
        vocabulary=numerals.VOCABULARY,
        positions=LONGEST,
        width=config.width,
        layers=config.layers // 2,
        heads=config.heads,
        hidden=3 * config.width,
    )
    return initialise_by_width(bart.BART(bart_config))


def gpt_config(config: EncoderDecoderConfig) -> gpt.GPTConfig:
    """One stack for BOS, source and target."""
    return gpt.GPTConfig(
        numerals.VOCABULARY, LONGEST + 5, config.width, config.layers, config.heads
    )


def after_source(network: PrefixLM, source: Tensor) -> After:
    """The prefix LM, with BOS and the source as its prefix."""
    return After(network, torch.full((len(source),), source.shape[1] + 1))


SMALL = TranslationNetwork("T5, small start", build_t5, attrgetter("word"))
VARIANTS = {
    variant.name: variant
    for variant in (
        TranslationNetwork(
            "T5",
            lambda config: initialise_by_width(build_t5(config)),
            attrgetter("word"),
        ),
        SMALL,
        TranslationNetwork("BART", build_bart, attrgetter("encoder.word")),
        TranslationNetwork(
            "prefix LM",
            lambda config: initialise_by_width(PrefixLM(gpt_config(config))),
            attrgetter("network.word"),
            after_source,
        ),
        TranslationNetwork(
            "decoder-only",
            lambda config: initialise_by_width(gpt.GPT(gpt_config(config))),
            attrgetter("word"),
            lambda network, _: network,
        ),
    )
}


def score(
    variant: TranslationNetwork, model: nn.Module, batch: Tensors
) -> tuple[Tensor, Tensor]:
    """Logits (B, T, V) and targets (B, T) for a source and a target.

    The targets of a single stack are IGNORE for the source.
    """
    source, target = batch
    if variant.reader is None:
        inputs, targets = next_token(target)
        return model(source, inputs), targets
    prefix_lengths = torch.full((len(source),), source.shape[1])
    inputs, targets = prefix(torch.cat([source, target], dim=1), prefix_lengths)
    return variant.reader(model, source)(inputs), targets


def loss(
    variant: TranslationNetwork, model: nn.Module, batch: Tensors
) -> tuple[Tensor, Tensor]:
    """The sum of the losses over the target's tokens, and their number."""
    return summed_cross_entropy(*score(variant, model, batch))


def generate(
    variant: TranslationNetwork, model: nn.Module, source: Tensor, steps: int
) -> Tensor:
    """The greedy output up to EOS, then padding. (B, steps)"""
    prompt = torch.full((len(source), 1), SPECIALS.bos)
    if variant.reader is None:
        decoder = as_decoder(cast(EncoderDecoder, model), source)
    else:
        decoder = variant.reader(model, source)
        prompt = torch.cat([prompt, source], dim=1)
    text = greedy(decoder, prompt, steps, eos=SPECIALS.eos)[:, prompt.shape[1] :]
    return F.pad(text, (0, steps - text.shape[1]), value=SPECIALS.pad)


def train_and_evaluate(
    config: EncoderDecoderConfig, name: str, task: SourceStyle, seed: int
) -> Course:
    """Train one network; its scores on held-out numbers at each evaluation."""
    rng = torch.Generator().manual_seed(seed)
    order = (1 + torch.randperm(numerals.LARGEST, generator=rng)).tolist()
    test_numbers, train_numbers = order[: config.test], order[config.test :]
    torch.manual_seed(seed)
    variant = VARIANTS[name]
    model = variant.build(config)
    train_pairs, test_pairs = (
        [
            translations(numbers, [language] * len(numbers), task)
            for language in range(2)
        ]
        for numbers in (train_numbers, test_numbers)
    )
    sources, targets = (torch.stack(parts) for parts in zip(*train_pairs, strict=True))
    course = []

    def batch(step: int) -> Tensors:
        if step in config.evaluation_steps:
            course.append(evaluate(variant, model, test_pairs))
        indices = torch.randint(len(train_numbers), (config.batch,), generator=rng)
        languages = torch.randint(2, (config.batch,), generator=rng)
        return sources[languages, indices], targets[languages, indices]

    steps = max(config.evaluation_steps)
    training = TrainingConfig(steps, config.rate, warmup=steps // 10)
    train(model, batch, partial(loss, variant), training)
    return [*course, evaluate(variant, model, test_pairs)]


@torch.no_grad()
def evaluate(
    variant: TranslationNetwork, model: nn.Module, test_pairs: Sequence[Tensors]
) -> dict[str, float]:
    """Exact-match accuracy, and losses in nats.

    `test_pairs`: the same numbers in each language.  `either language` also accepts the
    other language's output; `in English` counts outputs that are correct in English.
    """
    total = tokens = 0.0
    correct, either, in_english = [], [], []
    for source, target in test_pairs:
        nats, count = loss(variant, model, (source, target))
        total, tokens = total + float(nats), tokens + float(count)
        text = generate(variant, model, source, LONGEST)
        hits = torch.stack(
            [(text == other).all(dim=1) for _, other in test_pairs]
        )  # (2, B)
        correct.append((text == target).all(dim=1))
        either.append(hits.any(dim=0))
        in_english.append(hits[0])
    shares = {
        MATCH: correct,
        "English": correct[:1],
        "Roman": correct[1:],
        "either language": either,
        "in English": in_english,
    }
    return {key: float(torch.cat(h).double().mean()) for key, h in shares.items()} | {
        "loss per target token": total / tokens,
        LOSS: total / sum(len(target) for _, target in test_pairs),
    }


SHARES = (MATCH, "English", "Roman", "either language", "in English")


def run(config: EncoderDecoderConfig, each: Each = serial_map) -> Outcome:
    """A row per network; per network, task and evaluation; per pair of runs."""
    named_tasks = [task for task in config.tasks if TASKS[task].named]
    runs = [
        (name, task, config.seeds if task in named_tasks else config.control_seeds)
        for task in config.tasks
        for name in config.networks
    ]
    runs += [(SMALL.name, task, config.control_seeds) for task in named_tasks]
    cells = [(name, task, seed) for name, task, seeds in runs for seed in range(seeds)]
    results = each(
        cells,
        lambda cell: train_and_evaluate(config, cell[0], TASKS[cell[1]], cell[2]),
    )
    courses: Courses = {}
    for (name, task, _), course in zip(cells, results, strict=True):
        courses.setdefault((name, task), []).append(course)
    rows = [describe(config, VARIANTS[name]) for name in config.networks]
    for (name, task), seeds in courses.items():
        rows += [
            {
                "name": f"{name}, {task}, {step} steps",
                **intervals([course[place] for course in seeds], SHARES),
            }
            for place, step in enumerate(config.evaluation_steps)
        ]
    figures: dict[str, Picture] = {
        f"{config.networks[0]}/{task}": exact_match(config, courses, task)
        for task in config.tasks
    }
    return Outcome(rows + differences(config, named_tasks, courses), figures)


def differences(
    config: EncoderDecoderConfig, named_tasks: Sequence[str], courses: Courses
) -> list[Row]:
    """Runs minus others, by seed: between tasks, networks, and initialisations."""
    pairs = {
        f"{name}, not named - named": ((name, NOT_NAMED), (name, NAMED))
        for name in config.networks
    }
    *others, last = config.networks
    for task in named_tasks:
        end = "" if task == NAMED else f", {task}"
        for name, other in [*((name, last) for name in others), ("T5", SMALL.name)]:
            pairs[f"{name} - {other}{end}"] = ((name, task), (other, task))
    return [
        {"name": name, **difference(config, courses[one], courses[other])}
        for name, (one, other) in pairs.items()
    ]


def difference(
    config: EncoderDecoderConfig, courses: list[Course], baseline: list[Course]
) -> dict[str, list[float]]:
    """The difference at each evaluation, over the seeds that both have."""

    def columns(course: Course) -> dict[str, float]:
        return {
            f"{column}, {step} steps": scores[column]
            for column in (MATCH, LOSS)
            for step, scores in zip(config.evaluation_steps, course, strict=True)
        }

    seeds = min(len(courses), len(baseline))
    return paired_differences(
        [columns(course) for course in courses[:seeds]],
        [columns(course) for course in baseline[:seeds]],
    )


def exact_match(config: EncoderDecoderConfig, courses: Courses, task: str) -> Bands:
    """For a figure: each network's exact match by the number of steps."""
    return Bands(
        bands={
            name: band(
                {
                    step: [course[place][MATCH] for course in courses[name, task]]
                    for place, step in enumerate(config.evaluation_steps)
                },
                shares=True,
            )
            for name in config.networks
        }
    )


def describe(config: EncoderDecoderConfig, variant: TranslationNetwork) -> Row:
    """Parameters, and the shares of token pairs in which one depends on the other."""
    torch.manual_seed(0)
    model: Any = variant.build(config).double().eval()
    word = variant.word(model)
    source, target = translations([472], [0], TASKS[NAMED])
    size = source.shape[1]
    inputs, _ = next_token(target)
    if variant.reader is None:
        memory = model.encode(source).detach()
        within_source = sees(model.encode, source, word)
        output_to_source = visible(
            lambda m: model.decode(inputs, m[None])[0], memory[0]
        )
        within_output = sees(lambda t: model.decode(t, memory), inputs, word)
        # There is no path from the output back to the source.
        source_to_output = torch.zeros(size, inputs.shape[1])
    else:
        text = torch.cat([inputs[:, :1], source, inputs[:, 1:]], dim=1)
        pairs = sees(variant.reader(model, source), text, word)
        within_source = pairs[1 : size + 1, 1 : size + 1]
        output_to_source = pairs[size:, 1 : size + 1]
        within_output = pairs[size:, size:]
        source_to_output = pairs[1:size, size + 1 :]
    later_share = within_source.triu(1).double().sum() / (size * (size - 1) / 2)
    return {
        "name": variant.name,
        "parameters": sum(p.numel() for p in model.parameters()),
        "source sees later source": float(later_share),
        "output sees source": float(output_to_source.double().mean()),
        "output sees later output": float(within_output.triu(1).double().sum()),
        "source sees output": float(source_to_output.double().sum()),
    }


def smaller() -> EncoderDecoderConfig:
    """The same experiment, small enough for a test."""
    return EncoderDecoderConfig(
        tasks=(NAMED, NOT_NAMED),
        networks=("T5", "decoder-only"),
        seeds=2,
        control_seeds=2,
        evaluation_steps=(30, 120),
        test=50,
        width=32,
    )
