"""One architecture under two rules, as GPT and as BERT: pretraining, then labels.

Under the causal rule the target is the next token, under the bidirectional one the
masked tokens.  Architecture and initial weights are the same, all else equal.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from paradigms.data.special_tokens import IGNORE, SpecialTokens
from paradigms.layers import Linear, initialise
from paradigms.masks import Rule, bidirectional, causal
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.objectives import masked_token, next_token
from paradigms.training.loop import Batch

SPECIALS = SpecialTokens()
RULES: dict[str, Rule] = {"next token": causal, "masked token": bidirectional}


def encode_rows(texts: list[list[int]], length: int) -> Tensor:
    """Texts as rows (N, length): [BOS], the first words, padding."""
    rows = torch.full((len(texts), length), SPECIALS.pad)
    rows[:, 0] = SPECIALS.bos
    for row, text in zip(rows, texts, strict=True):
        ids = torch.tensor(text[: length - 1], dtype=torch.long)
        row[1 : 1 + len(ids)] = ids + SPECIALS.first_word
    return rows


class Words(nn.Module):
    """Logits of all words at the selected positions: rows (B, T) -> logits (N, V)."""

    def __init__(self, shape: GPTConfig, rule: Rule) -> None:
        super().__init__()
        self.rule, self.body = rule, GPT(shape)
        self.head, self.body.head = self.body.head, nn.Identity()

    def forward(self, rows: Tensor, asked: Tensor) -> Tensor:
        return self.head(self.states(rows)[asked])

    def states(self, rows: Tensor) -> Tensor:
        """The state of every token: (B, T) -> (B, T, W)."""
        return self.body(rows, self.rule, rows != SPECIALS.pad)


class Label(nn.Module):
    """Two-class logits from one state per text: that of the last word, or the mean.

    Under the causal rule only the last word has seen the whole text.
    Shapes: rows (B, T) -> logits (B, 2).
    """

    def __init__(self, of: Words, width: int) -> None:
        super().__init__()
        self.of = of
        self.label = Linear(width, 2)
        initialise(self.label)

    def forward(self, rows: Tensor) -> Tensor:
        states = self.of.states(rows)  # (B, T, W)
        if self.of.rule is causal:
            last = (rows != SPECIALS.pad).sum(dim=1) - 1
            return self.label(states[torch.arange(len(rows)), last])
        return self.label(mean_state(states, rows))


def mean_state(states: Tensor, rows: Tensor) -> Tensor:
    """The mean over the tokens that are not padding: (B, T, W) -> (B, W)."""
    weights = (rows != SPECIALS.pad).to(states.dtype)[..., None]
    return (states * weights).sum(dim=1) / weights.sum(dim=1)


def inputs_and_targets(
    objective: str, rows: Tensor, vocabulary: int, dice: torch.Generator
) -> Batch:
    """Inputs and targets (B, T) of an objective; next token drops the last position."""
    if objective == "next token":
        return next_token(rows[:, 1:])
    return masked_token(rows, vocabulary, dice)


def word_loss(network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
    """The summed log-loss of the targets, in nats, and their number."""
    inputs, targets = batch
    positions = targets != IGNORE
    logits = network(inputs, positions)
    return F.cross_entropy(logits, targets[positions], reduction="sum"), positions.sum()


def label_loss(network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
    """The summed log-loss of the labels, in nats, and their number."""
    rows, labels = batch
    loss = F.cross_entropy(network(rows), labels, reduction="sum")
    return loss, torch.tensor(len(labels))
