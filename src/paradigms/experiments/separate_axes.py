"""Order, mask, objective and network, varied one at a time on one made language.

What a network gives as its loss is not yet a probability of the text: so each is also
held to the honest number, -log P of held-out texts by the chain rule, where there is
one, beside the source's own entropy, which nothing can beat.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from paradigms.data.markov_language import FIRST, MarkovLanguage
from paradigms.data.special_tokens import SpecialTokens
from paradigms.evaluation.statistics import t_interval
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.masks import Rule, bidirectional, causal, prefix_lm
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.models.masked_diffusion import substituted
from paradigms.objectives import prefix
from paradigms.training.loop import TrainingConfig
from paradigms.training.pretraining import Batch, Objective, objectives, pretrain

QUESTION = "Which of order, mask, objective and network makes a model what it is?"
IDS = SpecialTokens()
GPT_ROW = "left to right, causal, next token"
DRAWN_ROW = "an order drawn, causal, next token"
BERT_ROW = "no order, bidirectional, masked"
DIFFUSION_ROW = "any order, bidirectional, masked diffusion"


@dataclass(frozen=True)
class SeparateAxesConfig:
    """Each seed has another language, other weights, and another order drawn."""

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

    Shapes: tokens (B, T) -> logits (B, T, V); the rule is not looked at.
    """

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.word = nn.Embedding(config.vocabulary, config.width)
        # Three gates of width 1.6 W have about the weights of two blocks.
        hidden = int(1.6 * config.width)
        self.memory = nn.GRU(config.width, hidden, 2, batch_first=True)
        self.head = nn.Linear(hidden, config.vocabulary)

    def forward(
        self, tokens: Tensor, rule: Rule = causal, real: Tensor | None = None
    ) -> Tensor:
        return self.head(self.memory(self.word(tokens))[0])


Score = Callable[[nn.Module, Tensor], Tensor]


class Cell(NamedTuple):
    """One combination: how it is trained, and how it scores a text honestly.

    `score(network, texts)` -> nats of each text (N,), by predictions of which none has
    seen its answer; `also` by the same rule in other ways, by name.
    """

    objective: Objective
    score: Score
    network: Callable[[GPTConfig], nn.Module] = GPT
    also: dict[str, Score] = {}


def run(config: SeparateAxesConfig, each: Each = serial_map) -> list[dict[str, Any]]:
    """A row for each combination, and each minus the GPT, language by language.

    Its own loss, and nats a word of held-out texts.
    """
    found = each(range(config.seeds), lambda seed: cells(config, seed))
    rows = [
        {"name": name}
        | {
            column: t_interval(tuple(scores[name][column] for scores in found))
            for column in found[0][name]
        }
        for name in found[0]
    ]
    others = [name for name in list(found[0])[1:] if name != GPT_ROW]
    pairs = [(name, GPT_ROW) for name in others]
    pairs += [(BERT_ROW, DRAWN_ROW), (DIFFUSION_ROW, DRAWN_ROW)]
    pairs += [(DIFFUSION_ROW, BERT_ROW), ("no order, causal, masked", BERT_ROW)]
    return rows + [minus(found, *pair) for pair in pairs]


def minus(
    found: list[dict[str, dict[str, float]]], name: str, other: str
) -> dict[str, Any]:
    """One combination minus another on the same language, in what both have."""
    row: dict[str, Any] = {"name": f"{name} - {other}"}
    for column in found[0][name]:
        if column in found[0][other] and column not in ("parameters", "nats a word"):
            pairs = [(scores[name][column], scores[other][column]) for scores in found]
            row[column] = t_interval(tuple(a - b for a, b in pairs))
    return row


def cells(config: SeparateAxesConfig, seed: int) -> dict[str, dict[str, float]]:
    """Every combination, trained on the same texts for the same number of steps."""
    language = MarkovLanguage(config.words, seed)
    dice = torch.Generator().manual_seed(seed)
    pool = language.sample(config.steps * config.batch, config.length, dice)
    test = language.sample(config.texts, config.length, dice)
    order = torch.randperm(config.length, generator=dice)
    entropy = -float(language.log_p(test).mean())
    found = {"the source itself": {"nats a word": entropy}}
    for name, cell in combinations(language.vocabulary, order).items():
        torch.manual_seed(seed)
        size = GPTConfig(language.vocabulary, config.length + 1, config.width, 2, 4)
        network = cell.network(size)
        course = pretrain(
            network,
            cell.objective,
            lambda step: pool[step * config.batch : (step + 1) * config.batch],
            TrainingConfig(config.steps, 3e-3, warmup=50),
            seed,
        )
        with torch.no_grad():
            nats = float(cell.score(network, test).mean()) / config.length
            more = {
                f"above the source, {way}": float(score(network, test).mean())
                / config.length
                - entropy
                for way, score in cell.also.items()
            }
        found[name] = {
            "loss": course[-1][1],
            "nats a word": nats,
            "above the source": nats - entropy,
            **more,
            "parameters": float(sum(p.numel() for p in network.parameters())),
        }
    return found


def combinations(vocabulary: int, order: Tensor) -> dict[str, Cell]:
    """The combinations by name: order, mask, objective, and network where no GPT."""
    known = objectives(vocabulary)
    after, masked = known["next token"], known["masked"]
    straight = torch.arange(len(order))

    def both(rule: Rule) -> dict[str, Score]:
        return {
            "left to right": filled(straight, rule),
            "drawn order": filled(order, rule),
        }

    def reordered(places: Tensor) -> Objective:
        def show(tokens: Tensor, dice: torch.Generator) -> Batch:
            return after.show(tokens[:, places], dice)

        return Objective(show)

    backwards = straight.flip(0)
    return {
        GPT_ROW: Cell(after, chain(), also={"left to right": chain()}),
        "right to left, causal, next token": Cell(
            reordered(backwards), chain(backwards)
        ),
        DRAWN_ROW: Cell(
            reordered(order), chain(order), also={"drawn order": chain(order)}
        ),
        "left to right, GRU, next token": Cell(after, chain(), Recurrent),
        "left to right, prefix, next token": Cell(
            Objective(any_prefix, known["prefix"].rule), chain(rule=prefix_lm(1))
        ),
        "left to right, bidirectional, next token": Cell(
            Objective(after.show, lambda batch: bidirectional),
            chain(),
            also={"own mask": cut_off},
        ),
        BERT_ROW: Cell(masked, filled(order), also=both(bidirectional)),
        "no order, causal, masked": Cell(
            Objective(masked.show), filled(straight, causal), also=both(causal)
        ),
        DIFFUSION_ROW: Cell(
            known["masked diffusion"], filled(order), also=both(bidirectional)
        ),
    }


def any_prefix(tokens: Tensor, dice: torch.Generator) -> Batch:
    """What follows a prefix of none to all words but one: its scoring begins at none.

    `objectives` draws no empty prefix, under which the first word is never a target.
    """
    lengths = torch.randint(tokens.shape[1], (len(tokens),), generator=dice)
    return *prefix(tokens, lengths), lengths + 1  # the start symbol belongs to it


def chain(places: Tensor | None = None, rule: Rule = causal) -> Score:
    """Nats of texts, word by word in an order of places, from those before it."""

    def score(network: nn.Module, texts: Tensor) -> Tensor:
        texts = texts if places is None else texts[:, places]
        start = torch.full((len(texts), 1), IDS.bos)
        logits = network(torch.cat([start, texts[:, :-1]], dim=1), rule)
        log_p = logits[..., FIRST:].log_softmax(dim=-1)
        return -log_p.gather(-1, texts[..., None] - FIRST)[..., 0].sum(dim=1)

    return score


def cut_off(network: nn.Module, texts: Tensor) -> Tensor:
    """Nats of texts under the bidirectional rule, each word read off a text cut there.

    The answer is out of sight because it is not there, and no rule was changed.
    """
    start = torch.full((len(texts), 1), IDS.bos)
    seen = torch.cat([start, texts], dim=1)
    nats = torch.zeros(len(texts))
    for t in range(texts.shape[1]):
        logits = network(seen[:, : t + 1], bidirectional)[:, -1, FIRST:]
        nats -= logits.log_softmax(-1).gather(1, texts[:, t, None] - FIRST)[:, 0]
    return nats


def filled(places: Tensor, rule: Rule = bidirectional) -> Score:
    """Nats of texts, filled into blanks word by word in an order of places."""

    def score(network: nn.Module, texts: Tensor) -> Tensor:
        seen = torch.full_like(texts, IDS.mask)
        nats = torch.zeros(len(texts))
        for place in places.tolist():
            log_p = substituted(network(seen, rule), seen)[:, place]
            nats -= log_p.gather(1, texts[:, place, None])[:, 0]
            seen[:, place] = texts[:, place]
        return nats

    return score


def smaller() -> SeparateAxesConfig:
    """The same question at a size that a test can afford."""
    return SeparateAxesConfig(
        seeds=2, words=4, length=6, width=32, steps=150, texts=300
    )
