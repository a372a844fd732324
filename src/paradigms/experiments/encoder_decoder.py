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

from paradigms.corpora import numerals
from paradigms.corpora.numerals import LONGEST, SPECIALS, Task, translations
from paradigms.decoding import greedy, writer
from paradigms.intervals import interval
from paradigms.layers.attention import MultiHeadAttention
from paradigms.layers.blocks import FeedForward
from paradigms.models import bart, gpt, t5
from paradigms.models.prefix_lm import After, PrefixLM
from paradigms.objectives import (
    IGNORE,
    cross_entropy,
    next_token,
    prefix,
)
from paradigms.parts import Each, in_turn
from paradigms.probes import sees, visible
from paradigms.training import Batch, Recipe, train

QUESTION = "Which network learns to translate, and what if no language is named?"
TWO = ("T5", "BART")  # stacks, one to read and one to write
TASKS = {
    "language named": Task(True, True),
    "language not named": Task(False, True),
    "plain digits": Task(True, False),
}
MATCH = "exact match"
Runs = dict[tuple[str, str], list[dict[str, Any]]]  # network, task: what each seed gave


@dataclass(frozen=True)
class Config:
    """Numbers up to 999: `test` of them are held out, the others are trained on.

    One run for each network, task and seed, looked at after `looks` steps.  Of rates
    0.001, 0.003 and 0.01 this one was the best for both encoder-decoders, and near the
    best for the others, on seed 100, which is not among the seeds.
    """

    tasks: tuple[str, ...] = ("language named", "language not named", "plain digits")
    networks: tuple[str, ...] = ("T5", "BART", "prefix LM", "decoder-only")
    seeds: int = 5
    fewer: int = 3  # seeds for the tasks after the first
    looks: tuple[int, ...] = (50, 100, 200, 400)
    test: int = 200
    batch: int = 32
    width: int = 64
    heads: int = 4
    layers: int = 2  # of one stack; an encoder and a decoder have half of them each
    rate: float = 3e-3


CONFIG = Config()


def network(config: Config, name: str) -> nn.Module:
    """A fresh one; the feed-forward is narrower where there are two stacks.

    Cross attention adds as many weights as that saves, so the sums are about equal.
    """
    size = numerals.VOCABULARY
    sides = {"layers": config.layers // 2, "hidden": 3 * config.width}
    shape = {"vocabulary": size, "width": config.width, "heads": config.heads}
    if name == "T5":
        return as_published(
            t5.T5(t5.Config(**shape, **sides, head_width=config.width // config.heads))
        )
    if name == "BART":
        return bart.BART(bart.Config(**shape, **sides, positions=LONGEST))
    one = gpt.Config(**shape, layers=config.layers, positions=LONGEST + 5)
    return PrefixLM(one) if name == "prefix LM" else gpt.GPT(one)


def as_published(model: t5.T5) -> t5.T5:
    """T5 with the deviations of its published code, not with 0.02 throughout.

    Its scores are not divided by the root of the head width; its queries start smaller
    instead.  Source: the code released with Raffel et al. (2020).
    """
    width = model.word.embedding_dim
    nn.init.normal_(model.word.weight, std=1.0)
    for bias in (model.encoder_bias, model.decoder_bias):
        nn.init.normal_(bias.weight.weight, std=width**-0.5)
    for part in model.modules():
        if isinstance(part, MultiHeadAttention):
            inner = part.heads * part.head_width
            nn.init.normal_(part.query_key_value.weight, std=width**-0.5)
            with torch.no_grad():
                part.query_key_value.weight[:inner] *= part.head_width**-0.5
            nn.init.normal_(part.output.weight, std=inner**-0.5)
        elif isinstance(part, FeedForward):
            nn.init.normal_(part.input.weight, std=width**-0.5)
            nn.init.normal_(part.output.weight, std=part.output.in_features**-0.5)
    return model


def scored(
    name: str, model: Callable[..., Tensor], source: Tensor, target: Tensor
) -> tuple[Tensor, Tensor]:
    """Logits (B, T, V) and what they should predict (B, T); IGNORE for the source."""
    if name in TWO:
        inputs, targets = next_token(target)
        return model(source, inputs), targets
    given = torch.full((len(source),), source.shape[1])
    inputs, targets = prefix(torch.cat([source, target], dim=1), given)
    also = (given + 1,) if name == "prefix LM" else ()  # the start symbol is given too
    return model(inputs, *also), targets


def loss(name: str, model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
    """The sum of the losses over the target's tokens, and their number."""
    logits, targets = scored(name, model, *batch)
    count = (targets != IGNORE).sum()
    return cross_entropy(logits, targets) * count, count


def written(name: str, model: Any, source: Tensor, steps: int) -> Tensor:
    """The likeliest token at each place, up to EOS, then padding. (B, steps)"""
    start = torch.full((len(source), 1), SPECIALS.bos)
    if name in TWO:
        write, prompt = writer(model, source), start
    else:
        prompt = torch.cat([start, source], dim=1)
        given = torch.full((len(source),), prompt.shape[1])
        write = After(model, given) if name == "prefix LM" else model
    text = greedy(write, prompt, steps, eos=SPECIALS.eos)[:, prompt.shape[1] :]
    return F.pad(text, (0, steps - text.shape[1]), value=SPECIALS.pad)


def course(config: Config, name: str, task: Task, seed: int) -> dict[str, Any]:
    """Train one network; what it makes of held-out numbers at each look."""
    dice = torch.Generator().manual_seed(seed)
    order = (1 + torch.randperm(numerals.LARGEST, generator=dice)).tolist()
    known, held = order[config.test :], order[: config.test]
    asked = [translations(held, [language] * len(held), task) for language in range(2)]
    torch.manual_seed(seed)
    model = network(config, name)
    found: dict[str, Any] = {}

    def batch(step: int) -> Batch:
        if step in config.looks:
            found[str(step)] = look(name, model, asked)
        chosen = torch.randint(len(known), (config.batch,), generator=dice)
        languages = torch.randint(2, (config.batch,), generator=dice)
        numbers = [known[place] for place in chosen.tolist()]
        return translations(numbers, languages.tolist(), task)

    steps = max(config.looks)
    recipe = Recipe(steps, rate=config.rate, warmup=steps // 10)
    train(model, batch, partial(loss, name), recipe)
    return found | {str(steps): look(name, model, asked)}


@torch.no_grad()
def look(name: str, model: nn.Module, asked: list[Batch]) -> dict[str, float]:
    """Shares of outputs that are right to the last token, and losses in nats.

    `asked`: the same numbers for each language.  `either language` counts an output
    that is right in the other one, too; `in English` those that are right in English.
    """
    total = tokens = 0.0
    right, either, in_english = [], [], []
    for given, target in asked:
        nats, count = loss(name, model, (given, target))
        total, tokens = total + float(nats), tokens + float(count)
        text = written(name, model, given, LONGEST)
        hits = torch.stack([(text == other).all(dim=1) for _, other in asked])  # (2, B)
        right.append((text == target).all(dim=1))
        either.append(hits.any(dim=0))
        in_english.append(hits[0])
    return {
        MATCH: share(right),
        "English": share(right[:1]),
        "Roman": share(right[1:]),
        "either language": share(either),
        "in English": share(in_english),
        "loss per target token": total / tokens,
        "loss per output": total / sum(len(target) for _, target in asked),
    }


def share(hits: list[Tensor]) -> float:
    """The share of True."""
    return float(torch.cat(hits).double().mean())


def run(config: Config, each: Each = in_turn) -> list[dict[str, Any]]:
    """A row for each network; for network, task and look; for pairs of runs."""
    cells = [
        (name, task, seed)
        for task in config.tasks
        for name in config.networks
        for seed in range(config.seeds if task == config.tasks[0] else config.fewer)
    ]
    done = each(cells, lambda cell: course(config, cell[0], TASKS[cell[1]], cell[2]))
    found: Runs = {}
    for (name, task, _), scores in zip(cells, done, strict=True):
        found.setdefault((name, task), []).append(scores)
    rows = [shape(config, name) for name in config.networks]
    for (name, task), runs in found.items():
        rows += [
            {"name": f"{name}, {task}, {step} steps"} | over_seeds(runs, step)
            for step in config.looks
        ]
    for name in config.networks:
        pair = [found[name, task] for task in ("language not named", "language named")]
        rows.append({"name": f"{name}, not named - named"} | apart(config, *pair))
    pair = [found[name, "language named"] for name in config.networks[-2:]]
    rows.append({"name": " - ".join(config.networks[-2:])} | apart(config, *pair))
    rows[0]["pictures"] = {
        task: {"bands": bands(config, found, task)} for task in config.tasks
    }
    return rows


def over_seeds(runs: list[dict[str, Any]], step: int) -> dict[str, Any]:
    """Intervals over the seeds after so many steps."""
    scores = [run[str(step)] for run in runs]
    return {key: interval(tuple(s[key] for s in scores)) for key in scores[0]}


def apart(config: Config, ones: list[Any], others: list[Any]) -> dict[str, Any]:
    """The first runs less the second after each look, seed by seed."""
    return {
        f"{key}, {step} steps": interval(
            tuple(
                one[str(step)][key] - other[str(step)][key]
                for one, other in zip(ones, others, strict=False)
            )
        )
        for key in (MATCH, "loss per output")
        for step in config.looks
    }


def bands(config: Config, found: Runs, task: str) -> dict[str, Any]:
    """For a figure: steps, mean, low and high of each network's exact match."""
    return {
        name: [
            [step, *(round(v, 4) for v in over_seeds(found[name, task], step)[MATCH])]
            for step in config.looks
        ]
        for name in config.networks
    }


def shape(config: Config, name: str) -> dict[str, Any]:
    """Parameters, and which shares of pairs of tokens can move each other."""
    torch.manual_seed(0)
    model: Any = network(config, name).double().eval()
    given, target = translations([472], [0], TASKS["language named"])
    size = given.shape[1]
    inputs, _ = next_token(target)
    if name in TWO:
        word = model.word if name == "T5" else model.encoder.word
        memory = model.encode(given).detach()
        inside = sees(model.encode, given, word)
        across = visible(lambda m: model.decode(inputs, m[None])[0], memory[0])
        back = sees(lambda t: model.decode(t, memory), inputs, word)
        forth = torch.zeros(size, len(target[0]), dtype=torch.bool)  # there is no path
    else:
        text = torch.cat([inputs[:, :1], given, target[:, :-1]], dim=1)
        word = model.word if name == "decoder-only" else model.network.word
        also = (torch.tensor([size + 1]),) if name == "prefix LM" else ()
        pairs = sees(lambda t: model(t, *also), text, word)
        inside, forth = pairs[1 : size + 1, 1 : size + 1], pairs[1:size, size + 1 :]
        across, back = pairs[size:, 1 : size + 1], pairs[size:, size:]
    return {
        "name": name,
        "parameters": sum(p.numel() for p in model.parameters()),
        "source sees later source": float(
            inside.triu(1).sum() / (size * (size - 1) / 2)
        ),
        "output sees source": float(across.double().mean()),
        "output sees later output": float(back.triu(1).double().sum()),
        "source sees output": float(forth.double().sum()),
    }


def smaller() -> Config:
    """The same question at a size that a test can afford."""
    return Config(
        tasks=("language named", "language not named"),
        networks=("T5", "decoder-only"),
        seeds=2, fewer=2, looks=(30, 120), test=50, width=32,
    )  # fmt: skip
