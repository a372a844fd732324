"""The systems that the pages describe, and what was measured of each."""

from typing import Any, Literal

from pydantic import Field

from paradigms._schema import ContentError, Entry, raise_findings
from paradigms.experiments.records import load, value_at
from paradigms.site.content.bibliography import split_citation
from paradigms.site.content.source_code import source
from paradigms.site.content.toml import FOLDER, IdForm, entries
from paradigms.site.file_cache import cache

# What a system is made for, in the words of the table; the tests try it.
# `{}` is a text or another input.
Task = Literal["classifies", "represents", "detects", "writes"]
TASKS: dict[Task, str] = {
    "classifies": "classify",
    "represents": "represent {}",
    "detects": "detect replaced words",
    "writes": "write text, says its maker",
}
# What was measured, in the words of the table.
Ability = Literal["scores", "bounds", "samples", "predicts", "fills", "caches"]
ABILITIES: dict[Ability, str] = {
    "predicts": "give P(label | input)",
    "scores": "score {}",
    "bounds": "bound the score of {} from below",
    "samples": "sample",
    "fills": "fill a blank",
    "caches": "reuse a cache",
}

SYSTEM_IDS = IdForm("[a-z0-9]+(_[a-z0-9]+)*", "lower-case words joined by underscores")


class System(Entry):
    """One system: its family, its code, its reference, its abilities.

    `tasks` is what it is made for: only a system without public code `writes`.
    `can` is what the pages claim of it; a record that contradicts it stops the build.
    """

    name: str
    family: str
    objective: str
    mask: str
    of: str = ""  # the code, as `models.gpt:GPT`; empty if it is not public
    reference: str
    parameters: str = ""  # the address of a recorded number, if one is known
    page: str
    tasks: list[Task] = []
    can: list[Ability] = []
    sources: list[str] = Field(min_length=1)

    @property
    def abilities(self) -> list[str]:
        """What it can do, in words: its tasks, then what was measured."""
        if self.tasks == ["classifies"] and not self.can:
            return ["only classify: it gives no probability"]
        words = [TASKS[task] for task in self.tasks]
        words += [text for ability, text in ABILITIES.items() if ability in self.can]
        return [text.format("a text" if self.mask else "an input") for text in words]


@cache
def systems() -> dict[str, System]:
    """Every system by its id, in the order of the file, checked.

    Errors: ContentError with every finding.
    """
    by_id = entries(System, FOLDER / "systems.toml", ids=SYSTEM_IDS)
    problems = [
        f"snippets/systems.toml: {key}: {finding}"
        for key, system in by_id.items()
        for finding in system_problems(key, system)
    ]
    raise_findings(problems)
    return by_id


def measured_rows() -> dict[str, dict[str, Any]]:
    """The row of the experiment `systems` for each system."""
    return {row["name"]: row for row in load("systems").rows}


def rows() -> list[dict[str, Any]]:
    """One row per system, as `python -m paradigms systems --json` prints it."""
    return [
        {
            "id": key,
            **system.model_dump(exclude={"can"}),
            "capabilities": [*system.can],
            "abilities": system.abilities,
            "sees": measured_rows().get(key, {}).get("sees"),
            "parameters": (value_at(system.parameters) if system.parameters else None),
            "equal within": _tolerance(key),
        }
        for key, system in systems().items()
    ]


def _tolerance(key: str) -> float | None:
    """The tolerance to which a system equals its reference, if it was measured."""
    return (
        float(measured_rows()[key]["equal within"]) if key in measured_rows() else None
    )


def _task_problems(system: System) -> list[str]:
    problems = []
    if not system.abilities:
        problems.append(f"can do nothing; write tasks, of {', '.join(TASKS)}")
    if bool(system.of) == ("writes" in system.tasks):
        problems.append("tasks: 'writes' is for a system without code, and only for it")
    return problems


def system_problems(key: str, system: System) -> list[str]:
    """What is wrong with a system, one line each."""
    problems = _task_problems(system)
    for citation in system.sources:
        try:
            split_citation(citation)
        except ContentError as error:
            problems.append(str(error))
    if system.parameters:
        try:
            value_at(system.parameters)
        except ContentError as error:
            problems.append(f"parameters: {error}")
    if not system.of:
        return problems
    try:
        source(system.of)
    except ContentError as error:
        problems.append(str(error))
    record = measured_rows().get(key)
    if record is None:
        return [*problems, "was not measured; run: make measure NAME=systems"]
    for ability in ABILITIES:
        in_text, in_record = ability in system.can, record[ability] == "yes"
        if in_text != in_record:
            verb = "claims" if in_text else "does not claim"
            problems.append(
                f"can: {verb} {ability!r}, the probe says {record[ability]}"
            )
    return problems
