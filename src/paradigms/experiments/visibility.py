"""An ambiguous first word: from which states can its meaning be read?

A text of eight words in a synthetic language starts with one of four ambiguous words;
each has two equally likely meanings. A decider somewhere among the next words settles
which, then comes a reply that depends on the word and its meaning, then a full stop.
Networks are trained on texts alone, without the meanings; a linear probe then predicts
these.
"""

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from paradigms.data.special_tokens import IGNORE, SPECIALS
from paradigms.evaluation.receptive_field import sees
from paradigms.evaluation.statistics import intervals, paired_differences
from paradigms.experiments.outcome import Outcome, Row
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.masks import Rule, bidirectional, causal
from paradigms.models import bert, encoder
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.objectives import masked_token, next_token, summed_cross_entropy
from paradigms.training.linear_probe import Labelled, probe_states
from paradigms.training.loop import Batch, TrainingConfig, train

QUESTION = "From which hidden states can a probe read the meaning of the first word?"
AMBIGUOUS, DECIDERS, FILLERS = 4, 4, 8
DECIDER = SPECIALS.first_word + AMBIGUOUS
FILLER = DECIDER + DECIDERS
REPLY = FILLER + FILLERS
STOP = REPLY + 2 * AMBIGUOUS
WORDS = STOP + 1
LENGTH = 8
# Positions in rows of BOS and the text twice; the second copy starts at 9.
REPLIES = LENGTH - 1  # the reply's position
POSITIONS = {
    "first word": 1,
    "before the reply": 6,
    "last word": 8,
    "first word, second copy": 9,
}


@dataclass(frozen=True)
class VisibilityConfig:
    """Sizes of the networks, and how many texts train and test a probe."""

    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    width: int = 64
    layers: int = 2
    batch: int = 32
    steps: int = 500
    further: int = 300  # after the mask was removed
    masked_steps: int = 1000  # fewer words are targets, so BERT learns more slowly
    rate: float = 2e-3
    mask_rate: float = 0.3
    train: int = 600
    test: int = 1000
    penalty: float = 1e-2


CONFIG = VisibilityConfig()
Transformer = GPT | bert.BERT
Scores = dict[str, dict[str, float]]  # columns by kind
PAIRS = {  # compared by the page: the first minus the second, by seed
    ("GPT, trained on repeated texts", "GPT"): (
        "last word",
        "first word, second copy",
        "reply",
    ),
    ("GPT, mask removed", "GPT"): ("first word", "reply", "reply, left context only"),
    ("BERT", "GPT"): ("first word", "reply"),
    ("BERT, first word masked", "BERT"): ("first word",),
}


def run(config: VisibilityConfig, each: Each = serial_map) -> Outcome:
    """A row per network: the probe's accuracy at each position, over the seeds.

    `reply` is the share of replies that the network predicts, a test that it learned;
    `receptive field`: how many words of one text a state depends on, by gradients.
    """
    results = each(config.seeds, partial(one_seed, config))
    runs = {name: [result[name] for result in results] for name in results[0]}
    rows: list[Row] = [
        {"name": name}
        | intervals([run["accuracy"] for run in of_name], of_name[0]["accuracy"])
        | of_name[0]["receptive field"]
        | intervals([run["reply"] for run in of_name], of_name[0]["reply"])
        for name, of_name in runs.items()
    ]
    for (name, other), columns in PAIRS.items():
        row = paired_differences(
            *(
                [run["accuracy"] | run["reply"] for run in runs[n]]
                for n in (name, other)
            )
        )
        rows.append(
            {"name": f"{name} - {other}"} | {column: row[column] for column in columns}
        )
    return Outcome(rows)


def texts(count: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Texts (N, 8) of the language, and which meaning the first word has: (N,)."""
    meaning = torch.randint(2, (count,), generator=rng)
    first = torch.randint(AMBIGUOUS, (count,), generator=rng)
    words = FILLER + torch.randint(FILLERS, (count, LENGTH), generator=rng)
    decider = torch.randint(DECIDERS // 2, (count,), generator=rng)
    position = torch.randint(2, LENGTH - 2, (count,), generator=rng)
    words[:, 0] = SPECIALS.first_word + first
    words[torch.arange(count), position] = DECIDER + decider + DECIDERS // 2 * meaning
    words[:, LENGTH - 2] = REPLY + 2 * first + meaning
    words[:, LENGTH - 1] = STOP
    return words, meaning


def rows_of(text: Tensor, second: Tensor) -> Tensor:
    """What a network reads: BOS, a text, and a second text. (N, 17)"""
    return torch.cat([torch.full_like(text[:, :1], SPECIALS.bos), text, second], dim=1)


def one_seed(config: VisibilityConfig, seed: int) -> dict[str, Scores]:
    """Every network of one seed, trained and probed."""
    torch.manual_seed(seed)
    rng = torch.Generator().manual_seed(seed)
    gpt_config = GPTConfig(WORDS, 2 * LENGTH + 1, config.width, config.layers, heads=4)
    probe, fit = partial(scores, config, rng), partial(train_network, config, rng)
    rows = {"GPT, untrained": probe(GPT(gpt_config))}
    network = GPT(gpt_config)
    fit(network)
    rows["GPT"] = probe(network)
    rows["GPT, mask removed"] = probe(network, bidirectional)
    fit(network, steps=config.further, rule=bidirectional)
    rows["GPT, mask removed, trained further"] = probe(network, bidirectional)
    network = GPT(gpt_config)
    fit(network, repeat=True)
    rows["GPT, trained on repeated texts"] = probe(network)
    bert_config = encoder.EncoderConfig(
        WORDS, gpt_config.positions, config.width, config.layers, 4, 4 * config.width
    )
    bert_network = bert.BERT(bert_config)
    fit(bert_network, steps=config.masked_steps, rule=bidirectional)
    rows["BERT"] = probe(bert_network, bidirectional)
    rows["BERT, first word masked"] = probe(bert_network, bidirectional, hide=True)
    return rows


def train_network(
    config: VisibilityConfig,
    rng: torch.Generator,
    network: Transformer,
    *,
    repeat: bool = False,
    steps: int | None = None,
    rule: Rule = causal,
) -> None:
    """Train on pairs of texts, or the same text twice: next words or masked words.

    A GPT predicts a masked word at the position before it, as it predicts the next
    word.
    Source: BehnamGhader et al. (2024), masked next token prediction.
    """

    def batch(_: int) -> Batch:
        text = texts(config.batch, rng)[0]
        second = text if repeat else texts(config.batch, rng)[0]
        if not rule.looks_ahead:
            return Batch(*next_token(torch.cat([text, second], dim=1)))
        rows = rows_of(text, second)
        inputs, targets = masked_token(rows, WORDS, rng, config.mask_rate)
        if isinstance(network, GPT):
            targets = F.pad(targets[:, 1:], (0, 1), value=IGNORE)
        return Batch(inputs, targets)

    def loss(network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        return summed_cross_entropy(network(batch.inputs, rule=rule), batch.targets)

    train(network, batch, loss, TrainingConfig(steps or config.steps, config.rate))


@torch.no_grad()
def states(network: Transformer, tokens: Tensor, rule: Rule) -> Tensor:
    """The last layer's states: (N, T, W)."""
    stack = network.stack if isinstance(network, GPT) else network.encoder.stack
    outputs: list[Tensor] = []
    handle = stack.register_forward_hook(lambda *call: outputs.append(call[-1]))
    try:
        network(tokens, rule=rule)
    finally:
        handle.remove()
    return outputs[0]


def scores(
    config: VisibilityConfig,
    rng: torch.Generator,
    network: Transformer,
    rule: Rule = causal,
    hide: bool = False,
) -> Scores:
    """Accuracy of a linear probe for the meaning, by position, on new texts.

    The text is given twice; `hide` replaces its first word by [MASK].
    """
    text, meaning = texts(config.train + config.test, rng)
    tokens = rows_of(text, text)
    if hide:
        tokens[:, [1, LENGTH + 1]] = SPECIALS.mask
    hidden_states = states(network.eval(), tokens, rule)
    accuracy = {
        name: probe_accuracy(config, hidden_states[:, position], meaning)
        for name, position in POSITIONS.items()
    }
    word = network.word if isinstance(network, GPT) else network.encoder.word
    visible = sees(network, tokens[:1], word, rule=rule)[:, 1 : LENGTH + 1]
    visible_words = {
        f"receptive field, {name}": int(visible[position].sum())
        for name, position in POSITIONS.items()
    }
    second, _ = texts(len(text), rng)
    return {
        "accuracy": accuracy,
        "receptive field": dict(visible_words),
        "reply": replies(network, text, second, rule),
    }


@torch.no_grad()
def replies(
    network: Transformer, text: Tensor, second: Tensor, rule: Rule
) -> dict[str, float]:
    """Accuracy on the reply, which is [MASK] unless the rule is causal.

    Predicted where the network was trained to: by a GPT at the position before, by BERT
    at its own.  `left context only`: the text ends before the reply, so that the input
    of a GPT has no [MASK], on which it may not be trained.
    """
    tokens = rows_of(text, second)
    if rule is not causal:
        tokens[:, REPLIES] = SPECIALS.mask
    position = REPLIES - 1 if isinstance(network, GPT) else REPLIES
    variants = {"reply": tokens}
    if isinstance(network, GPT):
        variants["reply, left context only"] = tokens[:, :REPLIES]
    shares = {}
    for column, inputs in variants.items():
        predicted = network(inputs, rule=rule)[:, position].argmax(dim=-1)
        shares[column] = float((predicted == text[:, REPLIES - 1]).double().mean())
    return shares


def probe_accuracy(config: VisibilityConfig, states: Tensor, meaning: Tensor) -> float:
    """Test accuracy of a linear probe on states (N, W)."""
    size = config.train
    train = Labelled(states[:size], meaning[:size])
    test = Labelled(states[size:], meaning[size:])
    (result,) = probe_states(train, test, penalty=config.penalty)
    return result.accuracy


def smaller() -> VisibilityConfig:
    """The same experiment, small enough for a test."""
    return VisibilityConfig(
        seeds=(0, 1),
        width=32,
        steps=60,
        further=30,
        masked_steps=60,
        train=300,
        test=500,
    )
