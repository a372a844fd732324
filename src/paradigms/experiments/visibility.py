"""An ambiguous first word: from which states can its meaning be read?

A made language. A text of eight words starts with one of four ambiguous words; each
has two meanings, drawn evenly. A decider somewhere among the next words settles which,
then comes a reply that depends on the word and its meaning, then a full stop. Networks
learn from texts alone, without the meanings; a linear probe then looks for these.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from paradigms.data.special_tokens import IGNORE, SpecialTokens
from paradigms.evaluation.receptive_field import sees
from paradigms.evaluation.statistics import t_interval
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.masks import Rule, bidirectional, causal
from paradigms.models import bert, encoder
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.models.logistic_regression import LogisticRegression
from paradigms.objectives import masked_token, next_token
from paradigms.training.loop import Batch, TrainingConfig, train

QUESTION = "From which states can the meaning of an ambiguous first word be read?"
IDS = SpecialTokens()
AMBIGUOUS, DECIDERS, FILLERS = 4, 4, 8
DECIDER = IDS.first_word + AMBIGUOUS
FILLER = DECIDER + DECIDERS
REPLY = FILLER + FILLERS
STOP = REPLY + 2 * AMBIGUOUS
WORDS = STOP + 1
LENGTH = 8
# Places in a row that starts with BOS; the text stands there a second time from 9 on.
REPLIES = LENGTH - 1  # where the reply stands in such a row
PLACES = {"first word": 1, "before the reply": 6, "last word": 8, "first word again": 9}


@dataclass(frozen=True)
class VisibilityConfig:
    """Sizes of the networks, and how many texts teach and test a probe."""

    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    width: int = 64
    layers: int = 2
    batch: int = 32
    steps: int = 500
    further: int = 300  # after the mask was removed
    masked_steps: int = 1000  # fewer words are targets, so BERT learns more slowly
    rate: float = 2e-3
    hidden: float = 0.3  # share of masked words
    fit: int = 600
    test: int = 1000
    penalty: float = 1e-2


CONFIG = VisibilityConfig()
Network = GPT | bert.BERT
PAIRS = {  # compared by the page: the first less the second, seed by seed
    ("GPT, taught repeats", "GPT"): ("last word", "first word again", "reply"),
    ("GPT, mask removed", "GPT"): ("first word", "reply", "reply, nothing behind"),
    ("BERT", "GPT"): ("first word", "reply"),
    ("BERT, first word hidden", "BERT"): ("first word",),
}


def run(config: VisibilityConfig, each: Each = serial_map) -> list[dict[str, Any]]:
    """A row for each network: the probe's accuracy in each place, over the seeds.

    `reply` is the share of replies that the network predicts, a test that it learned;
    `words seen` counts the words of one text that move a state, by gradients.
    """
    found = each(config.seeds, partial(one_seed, config))
    rows = [
        {
            "name": name,
            **{
                column: t_interval(tuple(scores[name][column] for scores in found))
                if not column.startswith("words seen")
                else value
                for column, value in found[0][name].items()
            },
        }
        for name in found[0]
    ]
    for (one, other), columns in PAIRS.items():
        row: dict[str, Any] = {"name": f"{one} - {other}"}
        for column in columns:
            row[column] = t_interval(
                tuple(s[one][column] - s[other][column] for s in found)
            )
        rows.append(row)
    return rows


def texts(count: int, dice: torch.Generator) -> tuple[Tensor, Tensor]:
    """Texts (N, 8) of the language, and which meaning the first word has: (N,)."""
    meaning = torch.randint(2, (count,), generator=dice)
    first = torch.randint(AMBIGUOUS, (count,), generator=dice)
    words = FILLER + torch.randint(FILLERS, (count, LENGTH), generator=dice)
    decider = torch.randint(DECIDERS // 2, (count,), generator=dice)
    place = torch.randint(2, LENGTH - 2, (count,), generator=dice)
    words[:, 0] = IDS.first_word + first
    words[torch.arange(count), place] = DECIDER + decider + DECIDERS // 2 * meaning
    words[:, LENGTH - 2] = REPLY + 2 * first + meaning
    words[:, LENGTH - 1] = STOP
    return words, meaning


def rows_of(text: Tensor, second: Tensor) -> Tensor:
    """What a network reads: BOS, a text, and a second text. (N, 17)"""
    return torch.cat([torch.full_like(text[:, :1], IDS.bos), text, second], dim=1)


def one_seed(config: VisibilityConfig, seed: int) -> dict[str, dict[str, float]]:
    """Every network of one seed, trained and probed."""
    torch.manual_seed(seed)
    dice = torch.Generator().manual_seed(seed)
    size = GPTConfig(WORDS, 2 * LENGTH + 1, config.width, config.layers, heads=4)
    probe = partial(probed, config, dice)
    rows = {"GPT, untrained": probe(GPT(size))}
    network = taught(config, GPT(size), dice, repeat=False)
    rows["GPT"] = probe(network)
    rows["GPT, mask removed"] = probe(network, bidirectional)
    taught(config, network, dice, False, config.further, bidirectional)
    rows["GPT, mask removed, trained on"] = probe(network, bidirectional)
    network = taught(config, GPT(size), dice, repeat=True)
    rows["GPT, taught repeats"] = probe(network)
    wide = encoder.EncoderConfig(
        WORDS, size.positions, config.width, config.layers, 4, 4 * config.width
    )
    both = bert.BERT(wide)
    taught(config, both, dice, False, config.masked_steps, bidirectional)
    rows["BERT"] = probe(both, bidirectional)
    rows["BERT, first word hidden"] = probe(both, bidirectional, hide=True)
    return rows


def taught(
    config: VisibilityConfig,
    network: Network,
    dice: torch.Generator,
    repeat: bool,
    steps: int | None = None,
    rule: Rule = causal,
) -> Network:
    """Trained on pairs of texts, or the same text twice: next words or masked words.

    A GPT says a masked word at the place before it, as it says the next word.
    Source: BehnamGhader et al. (2024), masked next token prediction.
    """

    def batch(_: int) -> Batch:
        text, _ = texts(config.batch, dice)
        second = text if repeat else texts(config.batch, dice)[0]
        if rule is causal:
            return next_token(torch.cat([text, second], dim=1))
        shown, asked = masked_token(rows_of(text, second), WORDS, dice, config.hidden)
        if isinstance(network, GPT):
            asked = F.pad(asked[:, 1:], (0, 1), value=IGNORE)
        return shown, asked

    def loss(network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        inputs, targets = batch
        asked = targets != IGNORE
        log_p = network(inputs, rule=rule)[asked].log_softmax(dim=-1)
        return -log_p.gather(-1, targets[asked][:, None]).sum(), asked.sum()

    train(network, batch, loss, TrainingConfig(steps or config.steps, config.rate))
    return network


@torch.no_grad()
def states(network: Network, tokens: Tensor, rule: Rule) -> Tensor:
    """The last layer's states: (N, T, W)."""
    stack = network.stack if isinstance(network, GPT) else network.encoder.stack
    kept: list[Tensor] = []
    handle = stack.register_forward_hook(lambda *call: kept.append(call[-1]))
    try:
        network(tokens, rule=rule)
    finally:
        handle.remove()
    return kept[0]


def probed(
    config: VisibilityConfig,
    dice: torch.Generator,
    network: Network,
    rule: Rule = causal,
    hide: bool = False,
) -> dict[str, float]:
    """The share of meanings that a linear probe reads in each place of fresh texts.

    The text stands twice; `hide` shows its first word as [MASK].
    """
    text, meaning = texts(config.fit + config.test, dice)
    tokens = rows_of(text, text)
    if hide:
        tokens[:, [1, LENGTH + 1]] = IDS.mask
    held = states(network.eval(), tokens, rule)
    found = {
        name: readable(config, held[:, place], meaning)
        for name, place in PLACES.items()
    }
    word = network.word if isinstance(network, GPT) else network.encoder.word
    seen = sees(network, tokens[:1], word, rule=rule)[:, 1 : LENGTH + 1]
    for name, place in PLACES.items():
        found[f"words seen, {name}"] = int(seen[place].sum())
    return found | replies(network, text, texts(len(text), dice)[0], rule)


@torch.no_grad()
def replies(
    network: Network, text: Tensor, second: Tensor, rule: Rule
) -> dict[str, float]:
    """The share of replies that a network names, shown as [MASK] if it could see them.

    Read where the network was trained to say it: by a GPT at the place before, by BERT
    at its own.  `nothing behind`: the text ends before the reply, so that a GPT sees no
    [MASK], which it may not know.
    """
    tokens = rows_of(text, second)
    if rule is not causal:
        tokens[:, REPLIES] = IDS.mask
    place = REPLIES - 1 if isinstance(network, GPT) else REPLIES
    shown = {"reply": tokens}
    if isinstance(network, GPT):
        shown["reply, nothing behind"] = tokens[:, :REPLIES]
    found = {}
    for column, given in shown.items():
        said = network(given, rule=rule)[:, place].argmax(dim=-1)
        found[column] = float((said == text[:, REPLIES - 1]).double().mean())
    return found


def readable(config: VisibilityConfig, held: Tensor, meaning: Tensor) -> float:
    """The accuracy of a logistic regression on states (N, W) that it was not fitted to.

    States are scaled by those that it is fitted to.
    """
    fit, asked = held.double().tensor_split([config.fit])
    labels, truth = meaning.tensor_split([config.fit])
    mean, spread = fit.mean(dim=0), fit.std(dim=0) + 1e-6
    model = LogisticRegression(2, config.penalty).fit((fit - mean) / spread, labels)
    answers = model.predict_proba((asked - mean) / spread).argmax(dim=1)
    return float((answers == truth).double().mean())


def smaller() -> VisibilityConfig:
    """The same question at a size that a test can afford."""
    return VisibilityConfig(
        seeds=(0, 1), width=32, steps=60, further=30, masked_steps=60, fit=300, test=500
    )
