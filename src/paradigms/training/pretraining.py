"""Pretraining of one architecture with several objectives.

An `Objective` calls its network as GPT is called, with tokens, mask rule and padding,
so that objectives and masks are compared with everything else equal.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from paradigms.data.special_tokens import IGNORE, SPECIALS
from paradigms.masks import Rule, bidirectional, causal, prefix_lm
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.models.masked_diffusion import substitute_visible
from paradigms.objectives import (
    draw_prefixes,
    masked_diffusion,
    masked_token,
    next_token,
    prefix,
    summed_cross_entropy,
)
from paradigms.objectives.masked import BERT, Fates
from paradigms.training.loop import Batch, TrainingConfig, train

Texts = Callable[[int], Tensor]  # step -> tokens (B, T), alike in every process
MakeBatch = Callable[[Tensor, torch.Generator], Batch]  # tokens (B, T), rng -> batch


@dataclass(frozen=True)
class Objective:
    """Inputs, targets and mask rule of a pretraining objective.

    `make_batch` corrupts texts; `rule(batch)` is the mask rule in training.
    `probe_rule` is the rule for a whole text with nothing masked, and `starts_with_bos`
    tells whether BOS comes first.  `is_bound`: the loss is weighted by row, and is a
    bound on -log P(text), as in masked diffusion.
    """

    make_batch: MakeBatch
    rule: Callable[[Batch], Rule] = lambda _: causal
    is_bound: bool = False
    probe_rule: Rule = bidirectional
    starts_with_bos: bool = False

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        """Sum in nats, and the number of targets (of a bound: of words)."""
        real = batch.inputs != SPECIALS.pad
        logits: Tensor = network(
            batch.inputs, self.rule(batch), None if bool(real.all()) else real
        )
        if self.is_bound:
            logits = substitute_visible(logits, batch.inputs)
        total, count = summed_cross_entropy(logits, batch.targets, batch.weights)
        if self.is_bound:
            words = (batch.inputs >= SPECIALS.first_word) | (
                batch.inputs == SPECIALS.mask
            )
            count = words.sum()
        return total, count

    def outputs(self, network: nn.Module, tokens: Tensor) -> Tensor:
        """The network's outputs for each word of a whole text: (B, T) -> (B, T, ...).

        With the head of `with_head` these are states, or logits of labels.
        """
        if self.starts_with_bos:
            tokens = F.pad(tokens, (1, 0), value=SPECIALS.bos)
        outputs: Tensor = network(tokens, self.probe_rule)
        return outputs[:, 1:] if self.starts_with_bos else outputs


class MaskedOrCausalLM(nn.Module):
    """A GPT under one rule, with logits at some positions alone.

    The head is large and only targets have a loss, so it is applied to these.
    Shapes: tokens (B, T), positions (B, T) boolean -> logits (N, V).
    """

    def __init__(self, config: GPTConfig, rule: Rule) -> None:
        super().__init__()
        self.rule, self.width = rule, config.width
        self.body = GPT(config)
        self.head = self.body.head
        self.body.add_module("head", nn.Identity())

    def forward(self, tokens: Tensor, positions: Tensor) -> Tensor:
        logits: Tensor = self.head(self.states(tokens)[positions])
        return logits

    def states(self, tokens: Tensor) -> Tensor:
        """The state of every token: (B, T) -> (B, T, W)."""
        states: Tensor = self.body(tokens, self.rule, tokens != SPECIALS.pad)
        return states

    def mean_state(self, tokens: Tensor) -> Tensor:
        """The mean over the tokens that are not padding: (B, T) -> (B, W)."""
        return mean_state(self.states(tokens), tokens)


def mean_state(states: Tensor, tokens: Tensor) -> Tensor:
    """The mean over the tokens that are not padding: (B, T, W), (B, T) -> (B, W)."""
    weights = (tokens != SPECIALS.pad).to(states.dtype)[..., None]
    return (states * weights).sum(dim=1) / weights.sum(dim=1)


def loss_at_targets(network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
    """Sum in nats, and number of targets, of `network(inputs, positions)`."""
    positions = batch.targets != IGNORE
    return summed_cross_entropy(
        network(batch.inputs, positions), batch.targets[positions]
    )


def next_token_batch(tokens: Tensor, _: torch.Generator) -> Batch:
    """Next-token prediction."""
    return Batch(*next_token(tokens))


def prefix_batch(tokens: Tensor, lengths: Tensor) -> Batch:
    """Prediction after a prefix of `lengths` words, (B,)."""
    inputs, targets = prefix(tokens, lengths)
    return Batch(inputs, targets, prefix_lengths=lengths + 1)  # with BOS


def prefix_rule(batch: Batch) -> Rule:
    """The prefix of each row is visible to all of its positions."""
    return prefix_lm(cast(Tensor, batch.prefix_lengths)[:, None, None])


def masked_batch(vocabulary: int, rate: float = 0.15, fates: Fates = BERT) -> MakeBatch:
    """Masked-word prediction; at least one target in a batch.

    Errors: ValueError for texts without a word.
    """

    def make_batch(tokens: Tensor, rng: torch.Generator) -> Batch:
        if not bool((tokens >= SPECIALS.first_word).any()):
            raise ValueError(f"tokens must hold a word to mask: {tokens[:3].tolist()}")
        while True:
            batch = Batch(*masked_token(tokens, vocabulary, rng, rate, SPECIALS, fates))
            if bool((batch.targets != IGNORE).any()):
                return batch

    return make_batch


def single_span(gap: int, sentinels: tuple[int, int]) -> MakeBatch:
    """Span corruption with one span of `gap` words, at a uniform position.

    With T5's sampling every text ends in a span: a single one would always be the last
    words.  Shapes: tokens (B, T) -> sources (B, T - gap + 1), with the first sentinel
    for the span; targets (B, gap + 2): that sentinel, the span, the second sentinel.
    """

    def make_batch(tokens: Tensor, rng: torch.Generator) -> Batch:
        rows, length = tokens.shape
        starts = torch.randint(length - gap + 1, (rows, 1), generator=rng)
        position = torch.arange(length).expand(rows, -1)
        in_span = (position >= starts) & (position < starts + gap)
        first = position == starts
        sources = tokens.masked_fill(first, sentinels[0])[~in_span | first]
        targets = tokens[in_span].view(rows, gap)
        targets = F.pad(targets, (1, 0), value=sentinels[0])
        targets = F.pad(targets, (0, 1), value=sentinels[1])
        return Batch(sources.view(rows, -1), targets)

    return make_batch


def single_span_objective(gap: int, sentinels: tuple[int, int]) -> Objective:
    """Span corruption for one network: source and target concatenated, as a prefix LM.

    The source lacks the `gap` words, which follow in the target, with two sentinels.
    Source: Raffel et al. (2020), sections 3.1.4 and 3.2.1.
    """
    corrupt = single_span(gap, sentinels)

    def make_batch(tokens: Tensor, rng: torch.Generator) -> Batch:
        cut = corrupt(tokens, rng)
        inputs = torch.cat([cut.inputs, cut.targets[:, :-1]], dim=1)  # (B, T + 2)
        targets = F.pad(cut.targets[:, 1:], (cut.inputs.shape[1], 0), value=IGNORE)
        return Batch(inputs, targets)

    def rule(batch: Batch) -> Rule:
        return prefix_lm(batch.inputs.shape[1] - gap)

    return Objective(make_batch, rule)


def objectives(vocabulary: int) -> dict[str, Objective]:
    """The objectives that one network can be trained with, by name."""
    return {
        "next token": Objective(
            next_token_batch, probe_rule=causal, starts_with_bos=True
        ),
        "prefix": Objective(
            lambda tokens, rng: prefix_batch(tokens, draw_prefixes(tokens, rng)),
            prefix_rule,
            starts_with_bos=True,
        ),
        "masked": Objective(masked_batch(vocabulary), lambda _: bidirectional),
        "masked diffusion": Objective(
            lambda tokens, rng: Batch(*masked_diffusion(tokens, rng)),
            lambda _: bidirectional,
            is_bound=True,
        ),
    }


def in_order(pool: Tensor, size: int) -> Texts:
    """`size` texts of the pool a step; after the last the first again."""
    batches = pool.split(size)
    return lambda step: batches[step % len(batches)]


def pretrain(
    network: nn.Module,
    objective: Objective,
    texts: Texts,
    config: TrainingConfig,
    seed: int,
) -> list[tuple[int, float]]:
    """Train in place on `texts(step)`; returns the loss curve."""
    rng = torch.Generator().manual_seed(seed)
    return train(
        network,
        lambda step: objective.make_batch(texts(step), rng),
        objective.loss,
        config,
    )


def with_head(network: GPT, outputs: int | None = None) -> GPT:
    """A copy with another head, or without one.

    Shapes: tokens (B, T) -> (B, T, outputs), or states (B, T, W) if `outputs` is None.
    """
    copy = deepcopy(network)
    width = copy.word.embedding_dim
    head = nn.Identity() if outputs is None else nn.Linear(width, outputs)
    copy.add_module("head", head)
    return copy
