"""Numbers written out, in one of two languages: four networks of about equal size.

The source is a prefix and a number from 1 to 999, the target the same number in English
words or Roman numerals.  The prefix names the language, as T5's do, or leaves it out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from paradigms.data import numerals
from paradigms.data.numerals import LONGEST, SPECIALS, Task, translations
from paradigms.data.special_tokens import IGNORE
from paradigms.evaluation.receptive_field import sees, visible
from paradigms.evaluation.statistics import t_interval
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.generation.decoding import as_decoder, greedy
from paradigms.layers.attention import MultiHeadAttention
from paradigms.models import bart, gpt, t5
from paradigms.models.prefix_lm import After, PrefixLM
from paradigms.objectives import cross_entropy, next_token, prefix
from paradigms.training.loop import Batch, TrainingConfig, train

QUESTION = "Which network learns to translate, and what if no language is named?"
SMALL = "T5, small start"
TWO = ("T5", SMALL, "BART")  # encoder-decoders
TASKS = {
    "language named": Task(True, True),
    "language not named": Task(False, True),
    "plain digits": Task(True, False),
}
ALIKE = ("language named", "plain digits")  # with the same `seeds` seeds
MATCH = "exact match"
Runs = dict[tuple[str, str], list[dict[str, Any]]]  # network, task: scores by seed


@dataclass(frozen=True)
class EncoderDecoderConfig:
    """Numbers up to 999: `test` of them are held out, the others are trained on.

    One run per network, task and seed, evaluated after `looks` steps.  The rate was the
    best of 0.001, 0.003 and 0.01 for T5, BART and the decoder-only network, on plain
    digits and seed 100, which is not among the seeds.
    """

    tasks: tuple[str, ...] = ("language named", "language not named", "plain digits")
    networks: tuple[str, ...] = ("T5", "BART", "prefix LM", "decoder-only")
    seeds: int = 5
    fewer: int = 3  # seeds if no language is named, and for T5's small start
    looks: tuple[int, ...] = (50, 100, 200, 400)
    test: int = 200
    batch: int = 32
    width: int = 64
    heads: int = 4
    layers: int = 2  # of a single stack; encoder and decoder have half each
    rate: float = 3e-3


CONFIG = EncoderDecoderConfig()


def network(config: EncoderDecoderConfig, name: str) -> nn.Module:
    """A new network; a narrower feed-forward layer makes up for cross-attention."""
    size = numerals.VOCABULARY
    stack = {"layers": config.layers // 2, "hidden": 3 * config.width}
    shape = {"vocabulary": size, "width": config.width, "heads": config.heads}
    if "T5" in name:
        head_width = config.width // config.heads
        model = t5.T5(t5.T5Config(**shape, **stack, head_width=head_width))
        return model if name == SMALL else scaled(model)
    if name == "BART":
        return scaled(bart.BART(bart.BARTConfig(**shape, **stack, positions=LONGEST)))
    gpt_config = gpt.GPTConfig(**shape, layers=config.layers, positions=LONGEST + 5)
    return scaled(PrefixLM(gpt_config) if name == "prefix LM" else gpt.GPT(gpt_config))


def scaled(model: nn.Module) -> nn.Module:
    """Initialise with standard deviation 1 / sqrt(inputs), or of the embedding width.

    As in T5's published code (Raffel et al., 2020); the 0.02 of GPT, BERT and BART is
    meant for widths of 768 and more.  T5's embeddings have 1, as it scales its last
    states down; its queries have less, as it does not scale its attention scores.
    """
    for part in model.modules():
        if isinstance(part, nn.Linear | nn.Embedding):
            nn.init.normal_(part.weight, std=part.weight.shape[1] ** -0.5)
    if isinstance(model, t5.T5):
        nn.init.normal_(model.word.weight)
        for bias in (model.encoder_bias, model.decoder_bias):
            nn.init.normal_(bias.weight.weight, std=model.word.embedding_dim**-0.5)
        for part in model.modules():
            if isinstance(part, MultiHeadAttention):
                queries = part.query_key_value.weight.data[: part.output.in_features]
                queries *= part.head_width**-0.5
    return model


def scored(
    name: str, model: Callable[..., Tensor], source: Tensor, target: Tensor
) -> tuple[Tensor, Tensor]:
    """Logits (B, T, V) and targets (B, T); IGNORE for the source."""
    if name in TWO:
        inputs, targets = next_token(target)
        return model(source, inputs), targets
    prefix_lengths = torch.full((len(source),), source.shape[1])
    inputs, targets = prefix(torch.cat([source, target], dim=1), prefix_lengths)
    # BOS belongs to the prefix.
    extra = (prefix_lengths + 1,) if name == "prefix LM" else ()
    return model(inputs, *extra), targets


def loss(name: str, model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
    """The sum of the losses over the target's tokens, and their number."""
    logits, targets = scored(name, model, *batch)
    count = (targets != IGNORE).sum()
    return cross_entropy(logits, targets) * count, count


def written(name: str, model: Any, source: Tensor, steps: int) -> Tensor:
    """The greedy output up to EOS, then padding. (B, steps)"""
    start = torch.full((len(source), 1), SPECIALS.bos)
    decoder, prompt = model, torch.cat([start, source], dim=1)
    if name in TWO:
        decoder, prompt = as_decoder(model, source), start
    elif name == "prefix LM":
        decoder = After(model, torch.full((len(source),), prompt.shape[1]))
    text = greedy(decoder, prompt, steps, eos=SPECIALS.eos)[:, prompt.shape[1] :]
    return F.pad(text, (0, steps - text.shape[1]), value=SPECIALS.pad)


def course(
    config: EncoderDecoderConfig, name: str, task: Task, seed: int
) -> dict[str, Any]:
    """Train one network; its scores on held-out numbers at each evaluation."""
    rng = torch.Generator().manual_seed(seed)
    order = (1 + torch.randperm(numerals.LARGEST, generator=rng)).tolist()
    test_numbers, train_numbers = order[: config.test], order[config.test :]
    torch.manual_seed(seed)
    model = network(config, name)
    scores: dict[str, Any] = {}

    train_pairs, test_pairs = (
        [
            translations(numbers, [language] * len(numbers), task)
            for language in range(2)
        ]
        for numbers in (train_numbers, test_numbers)
    )
    sources, targets = (torch.stack(parts) for parts in zip(*train_pairs, strict=True))

    def batch(step: int) -> Batch:
        if step in config.looks:
            scores[str(step)] = look(name, model, test_pairs)
        indices = torch.randint(len(train_numbers), (config.batch,), generator=rng)
        languages = torch.randint(2, (config.batch,), generator=rng)
        return sources[languages, indices], targets[languages, indices]

    steps = max(config.looks)
    recipe = TrainingConfig(steps, config.rate, warmup=steps // 10)
    train(model, batch, partial(loss, name), recipe)
    return scores | {str(steps): look(name, model, test_pairs)}


@torch.no_grad()
def look(name: str, model: nn.Module, asked: list[Batch]) -> dict[str, float]:
    """Exact-match accuracy, and losses in nats.

    `asked`: the same numbers for each language.  `either language` also accepts the
    other language's output; `in English` counts outputs that are correct in English.
    """
    total = tokens = 0.0
    correct, either, in_english = [], [], []
    for source, target in asked:
        nats, count = loss(name, model, (source, target))
        total, tokens = total + float(nats), tokens + float(count)
        text = written(name, model, source, LONGEST)
        hits = torch.stack([(text == other).all(dim=1) for _, other in asked])  # (2, B)
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
        "loss per output": total / sum(len(target) for _, target in asked),
    }


def run(config: EncoderDecoderConfig, each: Each = serial_map) -> list[dict[str, Any]]:
    """A row per network; per network, task and evaluation; per pair of runs."""
    runs = [(n, task, task in ALIKE) for task in config.tasks for n in config.networks]
    runs += [(SMALL, task, False) for task in config.tasks if task in ALIKE]
    cells = [
        (name, task, seed)
        for name, task, all_seeds in runs
        for seed in range(config.seeds if all_seeds else config.fewer)
    ]
    results = each(cells, lambda cell: course(config, cell[0], TASKS[cell[1]], cell[2]))
    grouped: Runs = {}
    for (name, task, _), scores in zip(cells, results, strict=True):
        grouped.setdefault((name, task), []).append(scores)
    rows = [shape(config, name) for name in config.networks]
    for (name, task), scores in grouped.items():
        rows += [
            {"name": f"{name}, {task}, {step} steps"} | over_seeds(scores, step)
            for step in config.looks
        ]
    rows += pairs(config, grouped)
    rows[0]["pictures"] = {
        t: {"bands": bands(config, grouped, t)} for t in config.tasks
    }
    return rows


def pairs(config: EncoderDecoderConfig, found: Runs) -> list[dict[str, Any]]:
    """Differences, paired by seed: between tasks, networks, and initialisations."""
    rows = []
    for name in config.networks:
        not_named, named = (found[name, f"language {way}named"] for way in ("not ", ""))
        rows.append(
            {"name": f"{name}, not named - named"} | apart(config, not_named, named)
        )
    *others, last = config.networks
    for task in (task for task in config.tasks if task in ALIKE):
        end = "" if task == config.tasks[0] else f", {task}"
        for name, other in [*((name, last) for name in others), ("T5", SMALL)]:
            pair = apart(config, found[name, task], found[other, task])
            rows.append({"name": f"{name} - {other}{end}"} | pair)
    return rows


def over_seeds(runs: list[dict[str, Any]], step: int) -> dict[str, Any]:
    """Mean and interval over the seeds after `step` steps."""
    scores = [run[str(step)] for run in runs]
    return {key: t_interval(tuple(s[key] for s in scores)) for key in scores[0]}


def apart(
    config: EncoderDecoderConfig, ones: list[Any], others: list[Any]
) -> dict[str, Any]:
    """The first runs minus the second at each evaluation, paired by seed."""
    return {
        f"{key}, {step} steps": t_interval(
            tuple(
                one[str(step)][key] - other[str(step)][key]
                for one, other in zip(ones, others, strict=False)
            )
        )
        for key in (MATCH, "loss per output")
        for step in config.looks
    }


def bands(config: EncoderDecoderConfig, found: Runs, task: str) -> dict[str, Any]:
    """For a figure: steps, mean, low and high of each network's exact match."""
    return {
        name: [
            [step, *(round(v, 4) for v in over_seeds(found[name, task], step)[MATCH])]
            for step in config.looks
        ]
        for name in config.networks
    }


def shape(config: EncoderDecoderConfig, name: str) -> dict[str, Any]:
    """Parameters, and the shares of token pairs in which one depends on the other."""
    torch.manual_seed(0)
    model: Any = network(config, name).double().eval()
    source, target = translations([472], [0], TASKS["language named"])
    size = source.shape[1]
    inputs, _ = next_token(target)
    if name in TWO:
        word = model.encoder.word if name == "BART" else model.word
        memory = model.encode(source).detach()
        source_sees_source = sees(model.encode, source, word)
        output_sees_source = visible(
            lambda m: model.decode(inputs, m[None])[0], memory[0]
        )
        output_sees_output = sees(lambda t: model.decode(t, memory), inputs, word)
        # There is no path from the output back to the source.
        source_sees_output = torch.zeros(size, len(target[0]), dtype=torch.bool)
    else:
        text = torch.cat([inputs[:, :1], source, target[:, :-1]], dim=1)
        word = model.word if name == "decoder-only" else model.network.word
        extra = (torch.tensor([size + 1]),) if name == "prefix LM" else ()
        pairs = sees(lambda t: model(t, *extra), text, word)
        source_sees_source, source_sees_output = (
            pairs[1 : size + 1, 1 : size + 1],
            pairs[1:size, size + 1 :],
        )
        output_sees_source, output_sees_output = (
            pairs[size:, 1 : size + 1],
            pairs[size:, size:],
        )
    later_share = source_sees_source.triu(1).double().sum() / (size * (size - 1) / 2)
    return {
        "name": name,
        "parameters": sum(p.numel() for p in model.parameters()),
        "source sees later source": float(later_share),
        "output sees source": float(output_sees_source.double().mean()),
        "output sees later output": float(output_sees_output.triu(1).double().sum()),
        "source sees output": float(source_sees_output.double().sum()),
    }


def smaller() -> EncoderDecoderConfig:
    """The same experiment, small enough for a test."""
    return EncoderDecoderConfig(
        tasks=("language named", "language not named"),
        networks=("T5", "decoder-only"),
        seeds=2,
        fewer=2,
        looks=(30, 120),
        test=50,
        width=32,
    )
