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

from paradigms.corpora.made_language import FIRST, MadeLanguage
from paradigms.intervals import interval
from paradigms.masks import Rule, bidirectional, causal, prefix_lm
from paradigms.models.gpt import GPT
from paradigms.models.gpt import Config as Size
from paradigms.models.masked_diffusion import substituted
from paradigms.objectives import Specials
from paradigms.parts import Each, in_turn
from paradigms.pretraining import Batch, Objective, objectives, pretrain
from paradigms.training import Recipe

QUESTION = "Which of order, mask, objective and network makes a model what it is?"
IDS = Specials()


@dataclass(frozen=True)
class Config:
    """Each seed has another language, other weights, and another order drawn."""

    seeds: int = 4
    words: int = 6
    length: int = 10
    width: int = 48
    batch: int = 64
    steps: int = 600
    texts: int = 1000


CONFIG = Config()


class Recurrent(nn.Module):
    """A GRU that predicts the next word: no attention, so no mask to choose.

    Shapes: tokens (B, T) -> logits (B, T, V); the rule is not looked at.
    """

    def __init__(self, config: Size) -> None:
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


class Cell(NamedTuple):
    """One combination: how it is trained, and how it scores a text honestly.

    `score(network, texts)` -> nats of each text (N,), by predictions of which none has
    seen its answer.
    """

    objective: Objective
    score: Callable[[nn.Module, Tensor], Tensor]
    network: Callable[[Size], nn.Module] = GPT


def run(config: Config, each: Each = in_turn) -> list[dict[str, Any]]:
    """A row for each combination: its own loss, and nats a word of held-out texts."""
    found = each(range(config.seeds), lambda seed: cells(config, seed))
    return [
        {"name": name}
        | {
            column: interval(tuple(scores[name][column] for scores in found))
            for column in found[0][name]
        }
        for name in found[0]
    ]


def cells(config: Config, seed: int) -> dict[str, dict[str, float]]:
    """Every combination, trained on the same texts for the same number of steps."""
    language = MadeLanguage(config.words, seed)
    dice = torch.Generator().manual_seed(seed)
    pool = language.sample(config.steps * config.batch, config.length, dice)
    test = language.sample(config.texts, config.length, dice)
    order = torch.randperm(config.length, generator=dice)
    entropy = -float(language.log_p(test).mean())
    found = {"the source itself": {"nats a word": entropy}}
    for name, cell in combinations(language.vocabulary, order).items():
        torch.manual_seed(seed)
        size = Size(language.vocabulary, config.length + 1, config.width, 2, 4)
        network = cell.network(size)
        course = pretrain(
            network,
            cell.objective,
            lambda step: pool[step * config.batch : (step + 1) * config.batch],
            Recipe(config.steps, 3e-3, warmup=50),
            seed,
        )
        with torch.no_grad():
            nats = float(cell.score(network, test).mean()) / config.length
        found[name] = {
            "loss": course[-1][1],
            "nats a word": nats,
            "above the source": nats - entropy,
            "parameters": float(sum(p.numel() for p in network.parameters())),
        }
    return found


def combinations(vocabulary: int, order: Tensor) -> dict[str, Cell]:
    """The combinations by name: order, mask, objective, and network where no GPT."""
    known = objectives(vocabulary)
    after, masked = known["next token"], known["masked"]

    def reordered(places: Tensor) -> Objective:
        def show(tokens: Tensor, dice: torch.Generator) -> Batch:
            return after.show(tokens[:, places], dice)

        return Objective(show)

    backwards = torch.arange(len(order)).flip(0)
    return {
        "left to right, causal, next token": Cell(after, chain()),
        "right to left, causal, next token": Cell(
            reordered(backwards), chain(backwards)
        ),
        "an order drawn, causal, next token": Cell(reordered(order), chain(order)),
        "left to right, GRU, next token": Cell(after, chain(), Recurrent),
        "left to right, prefix, next token": Cell(
            known["prefix"], chain(rule=prefix_lm(1))
        ),
        "left to right, bidirectional, next token": Cell(
            Objective(after.show, lambda batch: bidirectional), chain()
        ),
        "no order, bidirectional, masked": Cell(masked, filled(order)),
        "no order, causal, masked": Cell(
            Objective(masked.show), filled(torch.arange(len(order)), causal)
        ),
        "any order, bidirectional, masked diffusion": Cell(
            known["masked diffusion"], filled(order)
        ),
    }


def chain(
    places: Tensor | None = None, rule: Rule = causal
) -> Callable[[nn.Module, Tensor], Tensor]:
    """Nats of texts, word by word in an order of places, from those before it."""

    def score(network: nn.Module, texts: Tensor) -> Tensor:
        texts = texts if places is None else texts[:, places]
        start = torch.full((len(texts), 1), IDS.bos)
        logits = network(torch.cat([start, texts[:, :-1]], dim=1), rule)
        log_p = logits[..., FIRST:].log_softmax(dim=-1)
        return -log_p.gather(-1, texts[..., None] - FIRST)[..., 0].sum(dim=1)

    return score


def filled(
    places: Tensor, rule: Rule = bidirectional
) -> Callable[[nn.Module, Tensor], Tensor]:
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


def smaller() -> Config:
    """The same question at a size that a test can afford."""
    return Config(seeds=2, words=4, length=6, width=32, steps=150, texts=300)
