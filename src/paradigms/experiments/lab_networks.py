"""Losses of the lab's networks, and their weights, which the lab loads."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from paradigms.evaluation.statistics import t_interval
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.training.lab_networks import (
    NETWORKS,
    Data,
    NetworkConfig,
    data,
    losses,
    trained,
)

QUESTION = "How well does each network of the lab fill a blank and continue a text?"


@dataclass(frozen=True)
class LabNetworksConfig(NetworkConfig):
    """Loss in nats on held-out texts; weights are stored for the first of the seeds."""

    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)


CONFIG = LabNetworksConfig()


def smaller() -> LabNetworksConfig:
    """Few steps, two seeds."""
    return LabNetworksConfig(steps=20, held_out=100, seeds=(0, 1))


def run(config: LabNetworksConfig, each: Each = serial_map) -> list[dict[str, Any]]:
    """A row per network, with its losses by what is visible, and its weights."""
    texts = data(config)
    pairs = [(name, seed) for name in NETWORKS for seed in config.seeds]
    results = each(pairs, lambda pair: _result(*pair, config, texts))
    return list(_rows(config, dict(zip(pairs, results, strict=True))))


def _result(
    name: str, seed: int, config: LabNetworksConfig, texts: Data
) -> dict[str, Any]:
    network = trained(name, config, seed, texts)
    state = network.state_dict() if seed == config.seeds[0] else {}
    return {
        "losses": losses(network, name, config, texts.held_out),
        "state_dict": {key: value.tolist() for key, value in state.items()},
    }


def _rows(
    config: LabNetworksConfig, results: dict[tuple[str, int], dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    for name in NETWORKS:
        of_seeds = [results[name, seed] for seed in config.seeds]
        yield {
            "name": name,
            **{
                f"loss, {visible} visible": t_interval(
                    tuple(result["losses"][visible] for result in of_seeds)
                )
                for visible in of_seeds[0]["losses"]
            },
            "state_dict": of_seeds[0]["state_dict"],
        }
