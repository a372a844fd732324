"""One network, many questions: what each objective makes of a batch, ready to train.

The network is always `models.gpt.GPT`, whose rule is an argument; so objectives and
masks can be compared with everything else equal.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from paradigms.layers import Linear
from paradigms.masks import Rule, bidirectional, causal, prefix_lm
from paradigms.models.gpt import GPT
from paradigms.models.masked_diffusion import substituted
from paradigms.objectives import (
    IGNORE,
    Specials,
    draw_prefixes,
    masked_diffusion,
    masked_token,
    next_token,
    prefix,
)
from paradigms.objectives.masked import BERT, Fates
from paradigms.training import Batch, Recipe, train

IDS = Specials()
Texts = Callable[[int], Tensor]  # step -> tokens (B, T), alike in every process


@dataclass(frozen=True)
class Objective:
    """What is shown, what is asked, and by which rule the network may look.

    `show(tokens, dice)` -> inputs (B, T), targets (B, T), and what `rule` or the loss
    needs besides; `rule(batch)` -> a mask's rule; `weighted` if the last tensor (B,)
    weighs each row's loss, as the bound of a masked diffusion wants it.
    """

    show: Callable[[Tensor, torch.Generator], Batch]
    rule: Callable[[Batch], Rule] = lambda batch: causal
    weighted: bool = False

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        """Sum in nats, and over how many targets (weighted: over how many words)."""
        inputs, targets = batch[:2]
        real = inputs != IDS.pad
        logits = network(inputs, self.rule(batch), None if bool(real.all()) else real)
        if self.weighted:
            logits = substituted(logits, inputs)
        losses = F.cross_entropy(
            logits.transpose(1, 2), targets, ignore_index=IGNORE, reduction="none"
        )  # (B, T)
        if self.weighted:
            words = (inputs >= IDS.first_word) | (inputs == IDS.mask)
            return (losses.sum(dim=1) * batch[2].float()).sum(), words.sum()
        return losses.sum(), (targets != IGNORE).sum()


def left_to_right(tokens: Tensor, dice: torch.Generator) -> Batch:
    """Every word from those before it."""
    return next_token(tokens)


def after_prefix(tokens: Tensor, dice: torch.Generator) -> Batch:
    """What follows a prefix of random length, and how long that prefix is."""
    lengths = draw_prefixes(tokens, dice)
    return *prefix(tokens, lengths), lengths + 1  # the start symbol belongs to it


def hidden_words(
    vocabulary: int, rate: float = 0.15, fates: Fates = BERT
) -> Callable[[Tensor, torch.Generator], Batch]:
    """A share of the words from the others; at least one target in a batch."""

    def show(tokens: Tensor, dice: torch.Generator) -> Batch:
        while True:
            shown = masked_token(tokens, vocabulary, dice, rate, IDS, fates)
            if bool((shown[1] != IGNORE).any()):
                return shown

    return show


def objectives(vocabulary: int) -> dict[str, Objective]:
    """The objectives that one network can be trained with, by name."""
    return {
        "next token": Objective(left_to_right),
        "prefix": Objective(
            after_prefix, lambda batch: prefix_lm(batch[2][:, None, None])
        ),
        "masked": Objective(hidden_words(vocabulary), lambda batch: bidirectional),
        "masked diffusion": Objective(
            masked_diffusion, lambda batch: bidirectional, weighted=True
        ),
    }


def pretrain(
    network: nn.Module, objective: Objective, texts: Texts, recipe: Recipe, seed: int
) -> list[tuple[int, float]]:
    """Train in place on `texts(step)`; the course of the loss."""
    dice = torch.Generator().manual_seed(seed)
    return train(
        network, lambda step: objective.show(texts(step), dice), objective.loss, recipe
    )


def with_head(network: GPT, outputs: int | None = None) -> GPT:
    """A copy that gives another head's scores at every position, or its bare states.

    Shapes: tokens (B, T) -> (B, T, outputs), or (B, T, W) without a number of them.
    """
    copy = deepcopy(network)
    width = copy.word.embedding_dim
    copy.head = nn.Identity() if outputs is None else Linear(width, outputs)
    return copy
