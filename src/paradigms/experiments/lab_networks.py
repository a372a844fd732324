"""Losses of the lab's networks, and their weights, which the lab loads."""

from dataclasses import dataclass
from itertools import product

from torch import Tensor

from paradigms.evaluation.statistics import intervals
from paradigms.experiments.outcome import Outcome
from paradigms.experiments.runner.resume import Each, results_by_item, serial_map
from paradigms.training.lab_networks import (
    VARIANTS,
    Data,
    LabNetwork,
    NetworkConfig,
    data,
    losses,
    train_network,
)

QUESTION = "How well does each network of the lab fill a gap and continue a text?"


@dataclass(frozen=True)
class LabNetworksConfig(NetworkConfig):
    """Loss in nats on held-out texts; weights are stored for the first of the seeds."""

    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)


CONFIG = LabNetworksConfig()


def smaller() -> LabNetworksConfig:
    """Few steps, two seeds."""
    return LabNetworksConfig(steps=20, held_out=100, seeds=(0, 1))


def run(config: LabNetworksConfig, each: Each = serial_map) -> Outcome:
    """A row per network, with its losses by what is visible; and the networks."""
    texts = data(config)
    results = results_by_item(
        each,
        product(VARIANTS, config.seeds),
        lambda pair: _result(VARIANTS[pair[0]], pair[1], config, texts),
    )
    return Outcome(
        [
            {
                "name": name,
                **intervals([results[name, seed][0] for seed in config.seeds]),
            }
            for name in VARIANTS
        ],
        networks={name: results[name, config.seeds[0]][1] for name in VARIANTS},
    )


def _result(
    variant: LabNetwork, seed: int, config: LabNetworksConfig, texts: Data
) -> tuple[dict[str, float], dict[str, Tensor]]:
    """Losses by what is visible, and for the first seed the network's parameters."""
    network = train_network(variant, config, seed, texts)
    by_context = losses(network, variant, config, texts.held_out)
    columns = {f"loss, {context} visible": x for context, x in by_context.items()}
    return columns, dict(network.state_dict() if seed == config.seeds[0] else {})
