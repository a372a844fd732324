"""Parameters of the published networks, counted by part, beside the reference's."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from paradigms.evaluation.parity import reference
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.models import albert, bart, bert, electra, gpt, llama, roberta, t5

QUESTION = "How many parameters have the published networks, and where are they?"
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

    device: str = "meta"  # shapes without memory


CONFIG = PublishedSizesConfig()


def smaller() -> PublishedSizesConfig:
    """The same: parameters are counted, not computed."""
    return CONFIG


def run(config: PublishedSizesConfig, each: Each = serial_map) -> list[dict[str, Any]]:
    """A row per size: parameters of each part, of all, and of the reference."""
    published = [
        (system, name, size) for system, sizes in SIZES for name, size in sizes.items()
    ]
    return each(
        published,
        lambda one: {"name": one[1], **_counted(one[0], one[2], config)},
    )


def _counted(
    system: type[nn.Module], size: Any, config: PublishedSizesConfig
) -> dict[str, int]:
    with torch.device(config.device):
        ours, theirs = system(size), reference(system, size)
    parts = {"embeddings": 0, "attention": 0, "feed-forward": 0, "norms and heads": 0}
    for name, parameter in ours.named_parameters():
        parts[part(name)] += parameter.numel()
    total = sum(parts.values())
    return {
        **parts,
        "all": total,
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
