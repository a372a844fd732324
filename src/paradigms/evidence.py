"""What a statement rests on: tests, measurements, sources and what is still pending."""

import ast
from collections.abc import Container, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal

from pydantic import Field

from paradigms.bibliography import split_citation
from paradigms.results import stems
from paradigms.snippets import FOLDER, ROOT, ContentError, Entry, entries

Status = Literal["shown", "partly shown", "pending", "sourced", "opinion", "none"]


class Planned(Entry):
    """A measurement that claims wait for."""

    asks: str = Field(min_length=10)


class Evidence(Entry):
    """The grounds of a claim, a table cell or an answer.

    `tests`: as pytest names them, `test_masks.py::test_name`, below `tests/`.
    `measured`: experiments with a stored result.  `pending`: planned experiments.
    `sources`: bibliography keys, each with its place if any: `devlin2019, section 3`.
    """

    tests: list[str] = []
    measured: list[str] = []
    pending: list[str] = []
    sources: list[str] = []

    @property
    def runs(self) -> bool:
        """Whether something in this repository executes it."""
        return bool(self.tests or self.measured)

    @property
    def status(self) -> Status:
        """Never more than is true: with anything pending it is at most partly shown."""
        if self.pending:
            return "partly shown" if self.runs else "pending"
        if self.runs:
            return "shown"
        return "sourced" if self.sources else "none"

    def findings(self) -> list[str]:
        """Every reference that leads nowhere, one line each."""
        known, waiting, measured = proofs(), planned(), stems()
        found = dead("test", self.tests, known)
        found += [
            f"no stored result {name!r}; run: make measure NAME={name}"
            for name in self.measured
            if name not in measured
        ]
        found += [
            f"pending {name!r} is not in snippets/planned.toml"
            for name in self.pending
            if name not in waiting
        ]
        found += [
            f"{name!r} is measured by now; move it from pending to measured"
            for name in self.pending
            if name in measured
        ]
        for citation in self.sources:
            try:
                split_citation(citation)
            except ContentError as error:
                found.append(str(error))
        return found


def dead(what: str, names: Iterable[str], known: Container[str]) -> list[str]:
    """A finding for each name that is not known."""
    return [f"{what} {name!r} does not exist" for name in names if name not in known]


@cache
def planned() -> dict[str, Planned]:
    """Every measurement that is still to be made, by the name that it will have."""
    return entries(Planned, FOLDER / "planned.toml")


@dataclass(frozen=True)
class Proof:
    """A test that pages point to: the claim in its docstring, and its source."""

    claim: str
    code: str
    path: str

    @property
    def command(self) -> str:
        """What to type to run just this one."""
        return f".venv/bin/python -m pytest tests/{self.path}"


@cache
def proofs() -> dict[str, Proof]:
    """Every test function by its pytest name, read from the files without importing."""
    found = {}
    folder = ROOT / "tests"
    for path in sorted(folder.rglob("test_*.py")):
        text = path.read_text(encoding="utf8")
        lines = text.splitlines()
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                name = f"{path.relative_to(folder)}::{node.name}"
                code = "\n".join(lines[node.lineno - 1 : node.end_lineno])
                found[name] = Proof(ast.get_docstring(node) or "", code, name)
    return found
