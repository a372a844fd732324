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
from paradigms.data.special_tokens import SpecialTokens
from paradigms.masks import Rule, bidirectional, causal
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.objectives import Gap, cross_entropy, masked_token, next_token

IDS = SpecialTokens()
Objective = Callable[[Tensor], tuple[Tensor, Tensor]]  # texts -> inputs, targets


@dataclass(frozen=True)
class Variant:
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
        Variant("next token", causal),
        Variant("masked token 15%", bidirectional, mask_rate=0.15),
        Variant("masked token 30%", bidirectional, mask_rate=0.3),
        Variant("fill-in-the-middle", causal, fills=True),
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


def untrained(config: NetworkConfig, vocabulary: int) -> GPT:
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
    objective: Objective,
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


def masked(source: MarkovLanguage, rate: float, seed: int) -> Objective:
    """Masked token at that rate."""
    rng = torch.Generator().manual_seed(seed)
    return lambda texts: masked_token(texts, source.vocabulary, rng, rate)


def markers(source: MarkovLanguage) -> Gap:
    """The three markers of fill-in-the-middle: the ids after the words."""
    return Gap(*range(source.vocabulary, source.vocabulary + 3))


def middle_last(texts: Tensor, blank: int, gap: Gap) -> Tensor:
    """PREFIX before SUFFIX after MIDDLE: (N, T) -> (N, T + 2); next is the blank."""
    prefix, suffix, middle = (
        torch.full((len(texts), 1), marker)
        for marker in (gap.prefix, gap.suffix, gap.middle)
    )
    before, after = texts[:, :blank], texts[:, blank + 1 :]
    return torch.cat([prefix, before, suffix, after, middle], dim=1)


def half_moved(source: MarkovLanguage, blank: int) -> Objective:
    """Next token, the blank of half of the texts moved to the end."""

    def objective(texts: Tensor) -> tuple[Tensor, Tensor]:
        plain, moved = texts.tensor_split(2)
        rearranged = middle_last(moved, blank, markers(source))
        rearranged = torch.cat([rearranged, moved[:, blank, None]], dim=1)
        padded = F.pad(plain, (0, 3), value=IDS.pad)
        return next_token(torch.cat([padded, rearranged]))

    return objective


def objective(
    variant: Variant, config: NetworkConfig, seed: int, language: MarkovLanguage
) -> Objective:
    """The training objective of a network."""
    if variant.fills:
        return half_moved(language, config.blank)
    return (
        masked(language, variant.mask_rate, seed) if variant.mask_rate else next_token
    )


def trained(variant: Variant, config: NetworkConfig, seed: int, texts: Data) -> GPT:
    """A network from a seed."""
    torch.manual_seed(seed)
    network = untrained(config, variant.vocabulary(texts.language))
    targets = objective(variant, config, seed, texts.language)
    return train(network, texts.batches, targets, variant.rule, config.learning_rate)


def word_log_p(logits: Tensor, words: int) -> Tensor:
    """Log-probabilities of the words alone: (..., V) -> (..., words)."""
    return logits[..., FIRST : FIRST + words].log_softmax(dim=-1)


def losses(
    network: GPT, variant: Variant, config: NetworkConfig, texts: Tensor
) -> dict[str, float]:
    """Mean loss in nats of the word at `blank`, by what is visible of the text."""
    blank, start = config.blank, torch.full((len(texts), 1), IDS.bos)
    before = torch.cat([start, texts[:, :blank]], dim=1)
    if variant.mask_rate:
        left, gap = texts.clone(), texts.clone()
        left[:, blank:] = IDS.mask
        gap[:, blank] = IDS.mask
        inputs = {"left": (left, blank), "both sides": (gap, blank)}
    else:
        inputs = {"left": (before, -1)}
    if variant.fills:
        moved = middle_last(texts, blank, markers(language(config)))
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
