"""Order, mask, objective and network, varied one at a time on a synthetic language.

A training loss need not be a probability of the text: so each network is also scored by
-log P of held-out texts under the chain rule, where there is one, against the source's
entropy, which is the lower bound.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from paradigms.data.markov_language import FIRST, MarkovLanguage
from paradigms.data.special_tokens import SPECIALS
from paradigms.evaluation.statistics import intervals, paired_differences
from paradigms.experiments.outcome import Outcome, Row
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.masks import Rule, bidirectional, causal, prefix_lm
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.models.masked_diffusion import substitute_visible
from paradigms.objectives import next_token
from paradigms.training.loop import Batch, TrainingConfig
from paradigms.training.pretraining import (
    Objective,
    in_order,
    objectives,
    prefix_batch,
    pretrain,
)

QUESTION = (
    "Which of order, mask, objective and architecture determines what a model can do?"
)
GPT_ROW = "left to right, causal, next token"
RANDOM_ORDER = "random order, causal, next token"
BERT_ROW = "no order, bidirectional, masked"
DIFFUSION_ROW = "any order, bidirectional, masked diffusion"
NOT_COMPARED = ("parameters", "nats per word")


@dataclass(frozen=True)
class SeparateAxesConfig:
    """Each seed has another language, other weights, and another random order."""

    seeds: int = 4
    words: int = 6
    length: int = 10
    width: int = 48
    batch: int = 64
    steps: int = 600
    texts: int = 1000


CONFIG = SeparateAxesConfig()


class Recurrent(nn.Module):
    """A GRU that predicts the next word: no attention, so no mask to choose.

    Shapes: tokens (B, T) -> logits (B, T, V); a rule and a padding mask are ignored.
    """

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.word = nn.Embedding(config.vocabulary, config.width)
        # Three gates of width 1.6 W have about the weights of two blocks.
        hidden = int(1.6 * config.width)
        self.memory = nn.GRU(config.width, hidden, 2, batch_first=True)
        self.head = nn.Linear(hidden, config.vocabulary)

    def forward(self, tokens: Tensor, *_: object) -> Tensor:
        logits: Tensor = self.head(self.memory(self.word(tokens))[0])
        return logits


TextScore = Callable[[nn.Module, Tensor], Tensor]


class Cell(NamedTuple):
    """One combination: its objective, and how it scores a text without leakage.

    `score(network, texts)` -> nats of each text (N,), by predictions that do not see
    their targets; `also`: other ways to score, by name.
    """

    objective: Objective
    score: TextScore
    network: Callable[[GPTConfig], nn.Module] = GPT
    also: dict[str, TextScore] = {}


def run(config: SeparateAxesConfig, each: Each = serial_map) -> Outcome:
    """A row per combination, and each minus the GPT, paired by language.

    Its own loss, and nats per word of held-out texts.
    """
    results = each(range(config.seeds), lambda seed: cells(config, seed))
    runs = {name: [scores[name] for scores in results] for name in results[0]}
    rows: list[Row] = [{"name": name} | intervals(runs[name]) for name in runs]
    others = [name for name in list(runs)[1:] if name != GPT_ROW]
    pairs = [(name, GPT_ROW) for name in others]
    pairs += [(BERT_ROW, RANDOM_ORDER), (DIFFUSION_ROW, RANDOM_ORDER)]
    pairs += [(DIFFUSION_ROW, BERT_ROW), ("no order, causal, masked", BERT_ROW)]
    for name, other in pairs:
        gaps = paired_differences(runs[name], runs[other])
        columns = [column for column in gaps if column not in NOT_COMPARED]
        rows.append(
            {"name": f"{name} - {other}"} | {column: gaps[column] for column in columns}
        )
    return Outcome(rows)


def cells(config: SeparateAxesConfig, seed: int) -> dict[str, dict[str, float]]:
    """Every combination, trained on the same texts for the same number of steps."""
    language = MarkovLanguage(config.words, seed)
    rng = torch.Generator().manual_seed(seed)
    pool = language.sample(config.steps * config.batch, config.length, rng)
    test = language.sample(config.texts, config.length, rng)
    order = torch.randperm(config.length, generator=rng)
    entropy = -float(language.log_p(test).mean())
    results = {"the source itself": {"nats per word": entropy}}
    for name, cell in combinations(language.vocabulary, order).items():
        torch.manual_seed(seed)
        size = GPTConfig(language.vocabulary, config.length + 1, config.width, 2, 4)
        network = cell.network(size)
        history = pretrain(
            network,
            cell.objective,
            in_order(pool, config.batch),
            TrainingConfig(config.steps, 3e-3, warmup=50),
            seed,
        )
        with torch.no_grad():
            nats = float(cell.score(network, test).mean()) / config.length
            extra = {
                f"excess loss, {way}": float(score(network, test).mean())
                / config.length
                - entropy
                for way, score in cell.also.items()
            }
        results[name] = {
            "loss": history[-1][1],
            "nats per word": nats,
            "excess loss": nats - entropy,
            **extra,
            "parameters": float(sum(p.numel() for p in network.parameters())),
        }
    return results


def combinations(vocabulary: int, order: Tensor) -> dict[str, Cell]:
    """The combinations by name: order, mask, objective, and network where no GPT."""
    by_name = objectives(vocabulary)
    next_word, masked = by_name["next token"], by_name["masked"]
    straight = torch.arange(len(order))

    def two_orders(rule: Rule) -> dict[str, TextScore]:
        return {
            "left to right": mask_filling(straight, rule),
            "random order": mask_filling(order, rule),
        }

    def reorder(places: Tensor) -> Objective:
        def make_batch(tokens: Tensor, rng: torch.Generator) -> Batch:
            return next_word.make_batch(tokens[:, places], rng)

        return Objective(make_batch)

    backwards = straight.flip(0)
    return {
        GPT_ROW: Cell(next_word, chain_rule(), also={"left to right": chain_rule()}),
        "right to left, causal, next token": Cell(
            reorder(backwards), chain_rule(backwards)
        ),
        RANDOM_ORDER: Cell(
            reorder(order), chain_rule(order), also={"random order": chain_rule(order)}
        ),
        "left to right, GRU, next token": Cell(next_word, chain_rule(), Recurrent),
        "left to right, prefix, next token": Cell(
            Objective(any_prefix, by_name["prefix"].rule), chain_rule(rule=prefix_lm(1))
        ),
        "left to right, bidirectional, next token": Cell(
            Objective(next_word.make_batch, lambda _: bidirectional),
            chain_rule(),
            also={"own mask": by_prefixes},
        ),
        BERT_ROW: Cell(masked, mask_filling(order), also=two_orders(bidirectional)),
        "no order, causal, masked": Cell(
            Objective(masked.make_batch),
            mask_filling(straight, causal),
            also=two_orders(causal),
        ),
        DIFFUSION_ROW: Cell(
            by_name["masked diffusion"],
            mask_filling(order),
            also=two_orders(bidirectional),
        ),
    }


def any_prefix(tokens: Tensor, rng: torch.Generator) -> Batch:
    """Prefix LM with prefixes of 0 to T - 1 words: its scoring starts with none.

    `objectives` samples no empty prefix, so that the first word is never a target.
    """
    lengths = torch.randint(tokens.shape[1], (len(tokens),), generator=rng)
    return prefix_batch(tokens, lengths)


def chain_rule(places: Tensor | None = None, rule: Rule = causal) -> TextScore:
    """Nats of texts by the chain rule, with the words in the order `places`."""

    def score(network: nn.Module, texts: Tensor) -> Tensor:
        texts = texts if places is None else texts[:, places]
        inputs, _ = next_token(texts)
        log_p = network(inputs, rule)[..., FIRST:].log_softmax(dim=-1)
        nats: Tensor = -log_p.gather(-1, texts[..., None] - FIRST)[..., 0].sum(dim=1)
        return nats

    return score


def by_prefixes(network: nn.Module, texts: Tensor) -> Tensor:
    """Nats of texts under the bidirectional rule, each word from the text before it.

    The target is hidden by truncation, and the rule is unchanged.
    """
    inputs, _ = next_token(texts)
    nats = torch.zeros(len(texts))
    for t in range(texts.shape[1]):
        logits = network(inputs[:, : t + 1], bidirectional)[:, -1, FIRST:]
        nats -= logits.log_softmax(-1).gather(1, texts[:, t, None] - FIRST)[:, 0]
    return nats


def mask_filling(places: Tensor, rule: Rule = bidirectional) -> TextScore:
    """Nats of texts, unmasked word by word in the order `places`."""

    def score(network: nn.Module, texts: Tensor) -> Tensor:
        visible = torch.full_like(texts, SPECIALS.mask)
        nats = torch.zeros(len(texts))
        for position in places.tolist():
            log_p = substitute_visible(network(visible, rule), visible)[:, position]
            nats -= log_p.gather(1, texts[:, position, None])[:, 0]
            visible[:, position] = texts[:, position]
        return nats

    return score


def smaller() -> SeparateAxesConfig:
    """The same experiment, small enough for a test."""
    return SeparateAxesConfig(
        seeds=2, words=4, length=6, width=32, steps=150, texts=300
    )
