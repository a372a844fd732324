"""The small networks that a lab loads, trained on a synthetic language.

One architecture under three objectives: next token, masked token at two rates, and
fill-in-the-middle.  Each sees the same 20,000 texts once; the next word depends on the
last two, so the true conditionals are known.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from paradigms.data.markov_language import FIRST, MarkovLanguage
from paradigms.data.special_tokens import SPECIALS
from paradigms.masks import Rule, bidirectional, causal
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.objectives import (
    Gap,
    cross_entropy,
    masked_token,
    move_middle,
    next_token,
)

MakeTargets = Callable[[Tensor], tuple[Tensor, Tensor]]  # texts -> inputs, targets


@dataclass(frozen=True)
class LabNetwork:
    """A network by its attention mask and its training objective.

    `mask_rate`: of masked tokens, 0 for next-token prediction.  With `fills` half of
    the texts have their blank after the text, behind three markers.
    """

    name: str
    rule: Rule
    mask_rate: float = 0.0
    fills: bool = False

    def vocabulary(self, language: MarkovLanguage) -> int:
        """The number of ids, markers included."""
        return language.vocabulary + 3 * self.fills


VARIANTS = {
    variant.name: variant
    for variant in (
        LabNetwork("next token", causal),
        LabNetwork("masked token 15%", bidirectional, mask_rate=0.15),
        LabNetwork("masked token 30%", bidirectional, mask_rate=0.3),
        LabNetwork("fill-in-the-middle", causal, fills=True),
    )
}


@dataclass(frozen=True)
class NetworkConfig:
    """Texts of `length` words; `blank` is the word that is filled or predicted.

    `held_out` texts are for evaluation.
    """

    words: int = 4
    length: int = 8
    blank: int = 4
    steps: int = 500
    batch: int = 40
    held_out: int = 1000
    learning_rate: float = 0.01
    width: int = 32
    layers: int = 1
    heads: int = 4


@dataclass(frozen=True)
class Data:
    """The language, batches (B, T) to train on, and texts (N, T) to evaluate on."""

    language: MarkovLanguage
    batches: tuple[Tensor, ...]
    held_out: Tensor


def language(config: NetworkConfig) -> MarkovLanguage:
    """The one language of all networks."""
    return MarkovLanguage(config.words, seed=0)


def data(config: NetworkConfig) -> Data:
    """The same texts for every network."""
    rng = torch.Generator().manual_seed(0)
    source = language(config)
    texts = source.sample(config.steps * config.batch, config.length, rng)
    held_out = source.sample(config.held_out, config.length, rng)
    return Data(source, texts.split(config.batch), held_out)


def build_network(config: NetworkConfig, vocabulary: int) -> GPT:
    """The architecture of all networks; positions for a text with three markers."""
    return GPT(
        GPTConfig(
            vocabulary,
            positions=2 * config.length - 1,
            width=config.width,
            layers=config.layers,
            heads=config.heads,
        )
    )


def train(
    network: GPT,
    batches: tuple[Tensor, ...],
    objective: MakeTargets,
    rule: Rule,
    learning_rate: float,
) -> GPT:
    """One pass over the batches with AdamW and a one-cycle learning rate."""
    optimiser = torch.optim.AdamW(network.parameters(), fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, learning_rate, total_steps=len(batches)
    )
    for texts in batches:
        inputs, targets = objective(texts)
        optimiser.zero_grad()
        cross_entropy(network(inputs, rule), targets).backward()
        optimiser.step()
        schedule.step()
    return network.requires_grad_(False)


def mask_words(source: MarkovLanguage, rate: float, seed: int) -> MakeTargets:
    """Masked token at that rate."""
    rng = torch.Generator().manual_seed(seed)
    return lambda texts: masked_token(texts, source.vocabulary, rng, rate)


def markers(source: MarkovLanguage) -> Gap:
    """The three markers of fill-in-the-middle: the ids after the words."""
    return Gap(*range(source.vocabulary, source.vocabulary + 3))


def move_half(source: MarkovLanguage, blank: int) -> MakeTargets:
    """Next token, the blank of half of the texts moved to the end."""

    def objective(texts: Tensor) -> tuple[Tensor, Tensor]:
        plain, others = texts.tensor_split(2)
        filling = move_middle(others, blank, 1, markers(source))
        plain = F.pad(plain, (0, 3), value=SPECIALS.pad)
        return next_token(torch.cat([plain, filling]))

    return objective


def objective(
    variant: LabNetwork, config: NetworkConfig, seed: int, language: MarkovLanguage
) -> MakeTargets:
    """The training objective of a network."""
    if variant.fills:
        return move_half(language, config.blank)
    return (
        mask_words(language, variant.mask_rate, seed)
        if variant.mask_rate
        else next_token
    )


def train_network(
    variant: LabNetwork, config: NetworkConfig, seed: int, texts: Data
) -> GPT:
    """A network from a seed."""
    torch.manual_seed(seed)
    network = build_network(config, variant.vocabulary(texts.language))
    targets = objective(variant, config, seed, texts.language)
    return train(network, texts.batches, targets, variant.rule, config.learning_rate)


def word_log_p(logits: Tensor, words: int) -> Tensor:
    """Log-probabilities of the words alone: (..., V) -> (..., words)."""
    return logits[..., FIRST : FIRST + words].log_softmax(dim=-1)


def losses(
    network: GPT, variant: LabNetwork, config: NetworkConfig, texts: Tensor
) -> dict[str, float]:
    """Mean loss in nats of the word at `blank`, by what is visible of the text."""
    blank, start = config.blank, torch.full((len(texts), 1), SPECIALS.bos)
    before = torch.cat([start, texts[:, :blank]], dim=1)
    if variant.mask_rate:
        left, gap = texts.clone(), texts.clone()
        left[:, blank:] = SPECIALS.mask
        gap[:, blank] = SPECIALS.mask
        inputs = {"left": (left, blank), "both sides": (gap, blank)}
    else:
        inputs = {"left": (before, -1)}
    if variant.fills:
        moved = move_middle(texts, blank, 1, markers(language(config)))[:, :-1]
        inputs["both sides"] = (torch.cat([start, moved], dim=1), -1)
    targets = texts[:, blank] - FIRST
    return {
        visible: float(
            F.nll_loss(
                word_log_p(network(tokens, variant.rule)[:, place], config.words),
                targets,
            )
        )
        for visible, (tokens, place) in inputs.items()
    }
