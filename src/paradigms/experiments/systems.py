"""What every system can do, probed on a small one; its distance from its reference."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain

from paradigms.evaluation.capabilities import classifiers, generators, transformers
from paradigms.experiments.outcome import Outcome, Row
from paradigms.experiments.runner.resume import Each, serial_map

QUESTION = "What can each system do, and how far is it from the field's reference?"
ABILITIES = ("scores", "bounds", "samples", "predicts", "fills", "caches")


@dataclass(frozen=True)
class SystemsConfig:
    """Networks are random, classifiers fitted on the breast cancer data and digits."""

    draws: int = 4000
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)


CONFIG = SystemsConfig()


def smaller() -> SystemsConfig:
    """The same probes, small enough for a test."""
    return SystemsConfig(draws=1000, seeds=(0,))


def run(config: SystemsConfig, each: Each = serial_map) -> Outcome:
    """A row per system: what it sees, yes or no for each ability, and its tolerance.

    Differences are rounding errors that vary by processor, so the bound is recorded:
    1e-5 in single precision or after a search, else 1e-10.
    Errors: ValueError for a system that differs from its reference by more.
    """
    families: list[Callable[[], Iterator[Row]]] = [
        lambda: classifiers.rows(config.draws),
        lambda: transformers.rows(config.draws, config.seeds),
        lambda: generators.rows(config.draws),
    ]
    probes = chain.from_iterable(each(families, lambda family: list(family())))
    return Outcome([row(**probe) for probe in probes])


def row(
    name: str, sees: str, difference: float, tolerance: float, **abilities: bool
) -> Row:
    """The row of a system; an ability that is left out is a no.

    Errors: ValueError for another name of an ability, or a difference that is not below
    the tolerance.
    """
    for ability in abilities.keys() - set(ABILITIES):
        raise ValueError(
            f"{name} has no ability {ability!r}; there are {', '.join(ABILITIES)}"
        )
    if not difference < tolerance:  # also for NaN
        raise ValueError(
            f"{name} differs from its reference by {difference:.0e}: more than "
            f"{tolerance:.0e}"
        )
    return {
        "name": name,
        "sees": sees,
        **{ability: "yes" if abilities.get(ability) else "no" for ability in ABILITIES},
        "equal within": f"{tolerance:.0e}",
    }
