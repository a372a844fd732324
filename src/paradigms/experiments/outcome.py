"""What an experiment returns: rows, figures and networks."""

from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from paradigms.experiments.pictures import Picture

Row = dict[str, Any]  # `name`, and columns: a number, a word, or [mean, low, high]


@dataclass(frozen=True)
class Outcome:
    """`figures` are by the row they belong to and a name: `VAE/walk`.

    `networks`: the parameters by name, of each network that is stored.
    """

    rows: list[Row]
    figures: dict[str, Picture] = field(default_factory=dict)
    networks: dict[str, dict[str, Tensor]] = field(default_factory=dict)
