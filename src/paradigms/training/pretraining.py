"""Pretraining of one architecture with several objectives.

The network is always `models.gpt.GPT`, whose rule is an argument, so that objectives
and masks are compared with everything else equal.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from paradigms.data.special_tokens import IGNORE, SpecialTokens
from paradigms.layers import Linear
from paradigms.masks import Rule, bidirectional, causal, prefix_lm
from paradigms.models.gpt import GPT
from paradigms.models.masked_diffusion import substituted
from paradigms.objectives import (
    binary_cross_entropy,
    draw_prefixes,
    masked_diffusion,
    masked_token,
    next_token,
    prefix,
    replaced_token,
)
from paradigms.objectives.masked import BERT, Fates
from paradigms.training.loop import Batch, TrainingConfig, train

IDS = SpecialTokens()
Texts = Callable[[int], Tensor]  # step -> tokens (B, T), alike in every process


@dataclass(frozen=True)
class Objective:
    """Inputs, targets and mask rule of a pretraining objective.

    `show(tokens, dice)` -> inputs (B, T), targets (B, T), and more tensors for `rule`
    or the loss; `rule(batch)` -> a mask rule; `weighted`: the last tensor (B,) weights
    each row's loss, as in masked diffusion.  `reads` is the rule for a whole text with
    nothing masked, and `starts` tells whether BOS comes first.
    """

    show: Callable[[Tensor, torch.Generator], Batch]
    rule: Callable[[Batch], Rule] = lambda batch: causal
    weighted: bool = False
    reads: Rule = bidirectional
    starts: bool = False

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        """Sum in nats, and the number of targets (weighted: of words)."""
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

    def look(self, network: GPT, tokens: Tensor) -> Tensor:
        """The network's outputs for each word of a whole text: (B, T) -> (B, T, ...).

        With the head of `with_head` these are states, or logits of labels.
        """
        if not self.starts:
            return network(tokens, self.reads)
        start = torch.full_like(tokens[:, :1], IDS.bos)
        return network(torch.cat([start, tokens], dim=1), self.reads)[:, 1:]


def left_to_right(tokens: Tensor, dice: torch.Generator) -> Batch:
    """Next-token prediction."""
    return next_token(tokens)


def after_prefix(tokens: Tensor, dice: torch.Generator) -> Batch:
    """Prediction after a prefix of random length, with the lengths."""
    lengths = draw_prefixes(tokens, dice)
    return *prefix(tokens, lengths), lengths + 1  # with BOS


def hidden_words(
    vocabulary: int, rate: float = 0.15, fates: Fates = BERT
) -> Callable[[Tensor, torch.Generator], Batch]:
    """Masked-word prediction; at least one target in a batch."""

    def show(tokens: Tensor, dice: torch.Generator) -> Batch:
        while True:
            batch = masked_token(tokens, vocabulary, dice, rate, IDS, fates)
            if bool((batch[1] != IGNORE).any()):
                return batch

    return show


def one_span(
    gap: int, marks: tuple[int, int]
) -> Callable[[Tensor, torch.Generator], Batch]:
    """Span corruption with one span of `gap` words, at a uniform position.

    With T5's sampling every text ends in a span: a single one would always be the last
    words.  Shapes: tokens (B, T) -> sources (B, T - gap + 1), with the first sentinel
    for the span; targets (B, gap + 2): that sentinel, the span, the second sentinel.
    """

    def show(tokens: Tensor, dice: torch.Generator) -> Batch:
        rows, length = tokens.shape
        starts = torch.randint(length - gap + 1, (rows, 1), generator=dice)
        position = torch.arange(length).expand(rows, -1)
        hidden = (position >= starts) & (position < starts + gap)
        first = position == starts
        source = tokens.masked_fill(first, marks[0])[~hidden | first]
        sentinels = torch.tensor(marks).expand(rows, -1)
        span = tokens[hidden].view(rows, gap)
        target = torch.cat([sentinels[:, :1], span, sentinels[:, 1:]], dim=1)
        return source.view(rows, -1), target

    return show


def span(gap: int, marks: tuple[int, int]) -> Objective:
    """Span corruption for one network: source and target concatenated, as a prefix LM.

    The source lacks the `gap` words, which follow in the target, with two sentinels.
     Source: Raffel et al. (2020), sections 3.1.4 and 3.2.1.
    """
    corrupt = one_span(gap, marks)

    def show(tokens: Tensor, dice: torch.Generator) -> Batch:
        source, target = corrupt(tokens, dice)
        inputs = torch.cat([source, target[:, :-1]], dim=1)  # (B, T + 2)
        ignored = torch.full_like(source, IGNORE)
        return inputs, torch.cat([ignored, target[:, 1:]], dim=1)

    def rule(batch: Batch) -> Rule:
        return prefix_lm(batch[0].shape[1] - gap)

    return Objective(show, rule)


class Pair(nn.Module):
    """ELECTRA's generator and discriminator, both with the architecture of GPT."""

    def __init__(self, generator: GPT, discriminator: GPT) -> None:
        super().__init__()
        self.generator, self.discriminator = generator, with_head(discriminator, 1)


class Replaced(Objective):
    """Both losses of ELECTRA, the second times 50: Clark et al. (2020), section 3."""

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        inputs, targets, tokens, seeds = batch
        logits = network.generator(inputs, bidirectional)
        generator_loss = F.cross_entropy(
            logits.transpose(1, 2), targets, ignore_index=IGNORE, reduction="sum"
        )
        masked = targets != IGNORE
        rng = torch.Generator().manual_seed(int(seeds[0]))
        corrupted, is_replaced = replaced_token(tokens, masked, logits, rng)
        detector_logits = network.discriminator(corrupted, bidirectional)[..., 0]
        count = torch.tensor(tokens.numel())
        generator_mean = generator_loss / masked.sum().clamp(min=1)
        return (
            generator_mean + 50 * binary_cross_entropy(detector_logits, is_replaced)
        ) * count, count


def replaced(vocabulary: int) -> Replaced:
    """ELECTRA's objective: the masked batch, the texts, and a seed for the samples."""
    mask = hidden_words(vocabulary, fates=(1.0, 0.0, 0.0))

    def show(tokens: Tensor, dice: torch.Generator) -> Batch:
        seeds = torch.randint(2**31, (len(tokens),), generator=dice)
        return *mask(tokens, dice), tokens, seeds

    return Replaced(show)


def objectives(vocabulary: int) -> dict[str, Objective]:
    """The objectives that one network can be trained with, by name."""
    return {
        "next token": Objective(left_to_right, reads=causal, starts=True),
        "prefix": Objective(
            after_prefix,
            lambda batch: prefix_lm(batch[2][:, None, None]),
            starts=True,
        ),
        "masked": Objective(hidden_words(vocabulary), lambda batch: bidirectional),
        "masked diffusion": Objective(
            masked_diffusion, lambda batch: bidirectional, weighted=True
        ),
    }


def pretrain(
    network: nn.Module,
    objective: Objective,
    texts: Texts,
    recipe: TrainingConfig,
    seed: int,
) -> list[tuple[int, float]]:
    """Train in place on `texts(step)`; returns the loss curve."""
    rng = torch.Generator().manual_seed(seed)
    return train(
        network, lambda step: objective.show(texts(step), rng), objective.loss, recipe
    )


def with_head(network: GPT, outputs: int | None = None) -> GPT:
    """A copy with another head, or without one.

    Shapes: tokens (B, T) -> (B, T, outputs), or states (B, T, W) if `outputs` is None.
    """
    copy = deepcopy(network)
    width = copy.word.embedding_dim
    copy.head = nn.Identity() if outputs is None else Linear(width, outputs)
    return copy
