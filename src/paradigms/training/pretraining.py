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
    """What is shown, what is asked, and by which rule the network may look.

    `show(tokens, dice)` -> inputs (B, T), targets (B, T), and what `rule` or the loss
    needs besides; `rule(batch)` -> a mask's rule; `weighted` if the last tensor (B,)
    weighs each row's loss, as the bound of a masked diffusion wants it.  `reads` is the
    rule for a whole text with nothing hidden, and `starts` says if BOS stands first.
    """

    show: Callable[[Tensor, torch.Generator], Batch]
    rule: Callable[[Batch], Rule] = lambda batch: causal
    weighted: bool = False
    reads: Rule = bidirectional
    starts: bool = False

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

    def look(self, network: GPT, tokens: Tensor) -> Tensor:
        """What the network gives for each word of a whole text: (B, T) -> (B, T, ...).

        With the head of `with_head` these are states, or scores of labels.
        """
        if not self.starts:
            return network(tokens, self.reads)
        start = torch.full_like(tokens[:, :1], IDS.bos)
        return network(torch.cat([start, tokens], dim=1), self.reads)[:, 1:]


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


def one_span(
    gap: int, marks: tuple[int, int]
) -> Callable[[Tensor, torch.Generator], Batch]:
    """Source and target of a text that lost `gap` words in a row, anywhere.

    T5's way of drawing spans lets every text end in one: a single span would always be
    the last words.  Shapes: tokens (B, T) -> sources (B, T - gap + 1), with the first
    mark for the span; targets (B, gap + 2): that mark, the span, the second mark.
    """

    def show(tokens: Tensor, dice: torch.Generator) -> Batch:
        rows, length = tokens.shape
        starts = torch.randint(length - gap + 1, (rows, 1), generator=dice)
        place = torch.arange(length).expand(rows, -1)
        hidden = (place >= starts) & (place < starts + gap)
        first = place == starts
        source = tokens.masked_fill(first, marks[0])[~hidden | first]
        ends = torch.tensor(marks).expand(rows, -1)
        span = tokens[hidden].view(rows, gap)
        target = torch.cat([ends[:, :1], span, ends[:, 1:]], dim=1)
        return source.view(rows, -1), target

    return show


def span(gap: int, marks: tuple[int, int]) -> Objective:
    """Span corruption for one network: source and target in a line, as a prefix LM.

    The input is `gap` words shorter than the text where they stood, and as many longer
    behind it, with two marks.  Source: Raffel et al. (2020), sections 3.1.4 and 3.2.1.
    """
    cut = one_span(gap, marks)

    def show(tokens: Tensor, dice: torch.Generator) -> Batch:
        source, target = cut(tokens, dice)
        inputs = torch.cat([source, target[:, :-1]], dim=1)  # (B, T + 2)
        given = torch.full_like(source, IGNORE)
        return inputs, torch.cat([given, target[:, 1:]], dim=1)

    def rule(batch: Batch) -> Rule:
        return prefix_lm(batch[0].shape[1] - gap)

    return Objective(show, rule)


class Pair(nn.Module):
    """ELECTRA on one kind of network: who fills the blanks, and who finds out."""

    def __init__(self, generator: GPT, discriminator: GPT) -> None:
        super().__init__()
        self.generator, self.discriminator = generator, with_head(discriminator, 1)


class Replaced(Objective):
    """Both losses of ELECTRA, the second 50 times: Clark et al. (2020), section 3."""

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        inputs, targets, tokens, seeds = batch
        logits = network.generator(inputs, bidirectional)
        words = F.cross_entropy(
            logits.transpose(1, 2), targets, ignore_index=IGNORE, reduction="sum"
        )
        chosen = targets != IGNORE
        dice = torch.Generator().manual_seed(int(seeds[0]))
        shown, wrong = replaced_token(tokens, chosen, logits, dice)
        found = network.discriminator(shown, bidirectional)[..., 0]
        count = torch.tensor(tokens.numel())
        both = words / chosen.sum().clamp(min=1)
        return (both + 50 * binary_cross_entropy(found, wrong)) * count, count


def replaced(vocabulary: int) -> Replaced:
    """ELECTRA's question: the masked batch, the texts, and a seed for the samples."""
    hide = hidden_words(vocabulary, fates=(1.0, 0.0, 0.0))

    def show(tokens: Tensor, dice: torch.Generator) -> Batch:
        seeds = torch.randint(2**31, (len(tokens),), generator=dice)
        return *hide(tokens, dice), tokens, seeds

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
