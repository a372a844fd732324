"""Parameters of the published networks, counted by part, beside the reference's."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from paradigms.evaluation.parity import reference
from paradigms.experiments.outcome import Outcome, Row
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.models import albert, bart, bert, electra, gpt, llama, roberta, t5

QUESTION = "How many parameters do published networks have, and where?"
SIZES: list[tuple[type[nn.Module], dict[str, Any]]] = [
    (gpt.GPT, gpt.SIZES),
    (llama.LLaMA, llama.SIZES),
    (bert.BERT, bert.SIZES),
    (roberta.RoBERTa, roberta.SIZES),
    (albert.ALBERT, albert.SIZES),
    (electra.Discriminator, electra.SIZES),
    (t5.T5, t5.SIZES),
    (bart.BART, bart.SIZES),
]
TABLES = ("word.", "position.", "segment.", "widen.", "_bias.weight.")


@dataclass(frozen=True)
class PublishedSizesConfig:
    """All published sizes; nothing to choose, nothing random."""


CONFIG = PublishedSizesConfig()


def smaller() -> PublishedSizesConfig:
    """The same: parameters are counted on shapes, without memory."""
    return CONFIG


def run(_config: PublishedSizesConfig, each: Each = serial_map) -> Outcome:
    """A row per size: parameters of each part, of all, and of the reference."""
    networks = [
        (system, name, size) for system, sizes in SIZES for name, size in sizes.items()
    ]
    return Outcome(each(networks, lambda network: counts(*network)))


def counts(system: type[nn.Module], name: str, size: Any) -> Row:
    """Parameters of one network and of its reference."""
    with torch.device("meta"):
        ours, theirs = system(size), reference(system, size)
    parts = {"embeddings": 0, "attention": 0, "feed-forward": 0, "norms and heads": 0}
    for parameter_name, parameter in ours.named_parameters():
        parts[part(parameter_name)] += parameter.numel()
    return {
        "name": name,
        **parts,
        "all": sum(parts.values()),
        "reference": sum(map(torch.numel, theirs.parameters())),
    }


def part(name: str) -> str:
    """The part of a network to which a parameter of that name belongs."""
    if ".attention." in name or ".cross." in name:
        return "attention"
    if ".feed_forward." in name:
        return "feed-forward"
    if any(table in name for table in TABLES):
        return "embeddings"
    return "norms and heads"
