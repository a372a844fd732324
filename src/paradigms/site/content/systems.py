"""The systems that the text names: what each one is, and what was measured of it."""

from functools import cache
from typing import Any, Literal

from pydantic import Field

from paradigms._schema import ContentError, Entry
from paradigms.experiments.records import load, recorded
from paradigms.site.content.bibliography import split_citation
from paradigms.site.content.source_code import source
from paradigms.site.content.toml import FOLDER, entries

Ability = Literal["scores", "bounds", "samples", "predicts", "fills", "caches"]
ABILITIES: dict[Ability, str] = {
    "scores": "gives an exact probability of its data",
    "bounds": "gives a lower bound on it",
    "samples": "draws new data from what it models",
    "predicts": "gives P(label | input)",
    "fills": "fills a blank from both sides",
    "caches": "keeps what it computed when a word is appended",
}


class System(Entry):
    """One system: its place among the others, its code, its reference, its claims.

    `can` is what the text claims of it; a record that denies it stops the build.
    """

    name: str
    family: str
    objective: str
    mask: str
    of: str = ""  # the code, as `models.gpt:GPT`; empty if it is not public
    reference: str
    parameters: str = ""  # the address of a recorded number, if one is known
    page: str
    can: list[Ability] = []
    sources: list[str] = Field(min_length=1)


@cache
def systems() -> dict[str, System]:
    """Every system by its id, in the order of the file, checked.

    Errors: ContentError with every finding.
    """
    found = entries(System, FOLDER / "systems.toml")
    problems = [
        f"snippets/systems.toml: {key}: {finding}"
        for key, system in found.items()
        for finding in _findings(key, system)
    ]
    if problems:
        raise ContentError("\n".join(problems))
    return found


def measured() -> dict[str, dict[str, Any]]:
    """What the experiment `systems` recorded of each system."""
    return {row["name"]: row for row in load("systems").rows}


def rows() -> list[dict[str, Any]]:
    """One row per system, as `python -m paradigms systems --json` prints it."""
    return [
        {
            "id": key,
            **system.model_dump(exclude={"can"}),
            "capabilities": [*system.can],
            "sees": measured().get(key, {}).get("sees"),
            "parameters": (recorded(system.parameters) if system.parameters else None),
            "equal within": _bound(key),
        }
        for key, system in systems().items()
    ]


def _bound(key: str) -> float | None:
    """Within what a system equals its reference, if that was measured."""
    return float(measured()[key]["equal within"]) if key in measured() else None


def _findings(key: str, system: System) -> list[str]:
    found = []
    for citation in system.sources:
        try:
            split_citation(citation)
        except ContentError as error:
            found.append(str(error))
    if system.parameters:
        try:
            recorded(system.parameters)
        except ContentError as error:
            found.append(f"parameters: {error}")
    if not system.of:
        return found
    try:
        source(system.of)
    except ContentError as error:
        found.append(str(error))
    record = measured().get(key)
    if record is None:
        return [*found, "was not measured; run: make measure NAME=systems"]
    for ability in ABILITIES:
        claimed, shown = ability in system.can, record[ability] == "yes"
        if claimed != shown:
            says = "claims" if claimed else "does not claim"
            found.append(f"can: {says} {ability!r}, the probe says {record[ability]}")
    return found
