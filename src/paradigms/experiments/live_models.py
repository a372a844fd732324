"""A GPT and a BERT of equal size, small enough to run in a web page.

One architecture, the same sentences in the same order and as many steps; only the mask
and the objective differ.  Each is evaluated at one blank of each held-out sentence,
under its own mask and under the other one.
"""

from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from paradigms.data.review_sentences import ReviewSentences, review_sentences
from paradigms.data.special_tokens import SPECIALS
from paradigms.evaluation.statistics import intervals
from paradigms.experiments.outcome import Outcome
from paradigms.experiments.runner.resume import Each, results_by_item, serial_map
from paradigms.masks import Rule, bidirectional, causal
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.training.loop import TrainingConfig
from paradigms.training.pretraining import objectives, pretrain

QUESTION = "How well do a small GPT and a small BERT fill a blank, under either mask?"
OBJECTIVES = {"GPT": "next token", "BERT": "masked"}
RULES: dict[str, Rule] = {"causal": causal, "bidirectional": bidirectional}


@dataclass(frozen=True)
class LiveModelsConfig:
    """`vocabulary` includes the special ids; weights are stored for the first seed."""

    vocabulary: int = 2000
    tokens: int = 20
    width: int = 64
    layers: int = 2
    heads: int = 4
    steps: int = 6000
    batch: int = 64
    learning_rate: float = 3e-3
    seeds: tuple[int, ...] = (0, 1, 2)


CONFIG = LiveModelsConfig()


class Blanks(NamedTuple):
    """One blank in each sentence: rows (N, T), its position and its word (N,)."""

    rows: Tensor
    position: Tensor
    word: Tensor


def smaller() -> LiveModelsConfig:
    """The same experiment, small enough for a test."""
    return LiveModelsConfig(vocabulary=200, width=16, steps=20, seeds=(0, 1))


def run(config: LiveModelsConfig, each: Each = serial_map) -> Outcome:
    """A row for each network under each mask, and the networks of the first seed."""
    data = review_sentences(config.vocabulary, config.tokens)
    blanks = one_blank_each(data.rows["test"])
    results = results_by_item(
        each,
        product(OBJECTIVES, config.seeds),
        lambda item: _result(config, data, blanks, *item),
    )
    rows = []
    for name, mask in product(OBJECTIVES, RULES):
        by_seed = [results[name, seed][0][mask] for seed in config.seeds]
        columns = intervals(by_seed, shares=("accuracy",))
        rows.append({"name": f"{name}, {mask} mask"} | columns)
    networks = {name: results[name, config.seeds[0]][1] for name in OBJECTIVES}
    # The page needs the words, too: bytes of UTF-8, a word per line.
    words = "\n".join(data.vocabulary).encode()
    networks["words"] = {"words": torch.tensor(list(words), dtype=torch.uint8)}
    return Outcome(rows, networks=networks)


def train_network(
    config: LiveModelsConfig, data: ReviewSentences, name: str, seed: int
) -> GPT:
    """A network whose weights are rounded to 16 bits, as they are stored."""
    torch.manual_seed(seed)
    network = GPT(
        GPTConfig(
            config.vocabulary,
            positions=config.tokens,
            width=config.width,
            layers=config.layers,
            heads=config.heads,
        )
    )
    rng = torch.Generator().manual_seed(seed)
    train = data.rows["train"]
    objective = objectives(config.vocabulary)[OBJECTIVES[name]]

    def texts(_step: int) -> Tensor:
        return train[torch.randint(len(train), (config.batch,), generator=rng)]

    training = TrainingConfig(config.steps, config.learning_rate)
    pretrain(network, objective, texts, training, seed)
    return network.half().float().requires_grad_(False)


def one_blank_each(rows: Tensor, seed: int = 0) -> Blanks:
    """A uniformly sampled word of each row becomes the blank."""
    rng = torch.Generator().manual_seed(seed)
    length = (rows >= SPECIALS.first_word).sum(dim=1)  # (N,)
    share = torch.rand(len(rows), dtype=torch.float64, generator=rng)
    position = (share * length).long()
    return Blanks(rows, position, rows.gather(1, position[:, None])[:, 0])


def blank_logits(name: str, network: GPT, blanks: Blanks, rule: Rule) -> Tensor:
    """Logits of the blank's word: (N, V).

    BERT has [MASK] at the blank and predicts there; GPT predicts from the position
    before, and under a bidirectional mask it sees the word that it predicts.
    """
    index = torch.arange(len(blanks.rows))
    if name == "BERT":
        inputs = blanks.rows.clone()
        inputs[index, blanks.position] = SPECIALS.mask
    else:
        inputs = F.pad(blanks.rows[:, :-1], (1, 0), value=SPECIALS.bos)
    logits: Tensor = network(inputs, rule, inputs != SPECIALS.pad)
    return logits[index, blanks.position]


def scores(name: str, network: GPT, blanks: Blanks, rule: Rule) -> dict[str, float]:
    """Mean loss in nats and share of right first choices, at the blanks."""
    logits = blank_logits(name, network, blanks, rule)
    hits = logits.argmax(dim=1) == blanks.word
    return {
        "loss": float(F.cross_entropy(logits, blanks.word)),
        "accuracy": float(hits.double().mean()),
    }


def _result(
    config: LiveModelsConfig,
    data: ReviewSentences,
    blanks: Blanks,
    name: str,
    seed: int,
) -> tuple[dict[str, dict[str, float]], dict[str, Tensor]]:
    """Scores by mask, and for the first seed the network's parameters in 16 bits."""
    network = train_network(config, data, name, seed)
    by_mask = {
        mask: scores(name, network, blanks, rule) for mask, rule in RULES.items()
    }
    parameters = {} if seed != config.seeds[0] else network.half().state_dict()
    parameters.pop("head.weight", None)  # shared with the word embeddings
    return by_mask, dict(parameters)
