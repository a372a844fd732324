"""What a statement rests on: tests, measurements and sources."""

import inspect
import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal

from paradigms._files import ROOT
from paradigms._schema import ContentError, Entry
from paradigms.experiments.records import stems
from paradigms.site.content.bibliography import sources, split_citation

Status = Literal["shown", "sourced", "opinion", "none"]


class Evidence(Entry):
    """The grounds of a claim, a table cell or an answer.

    `tests`: as pytest names them, `test_masks.py::test_name`, below `tests/`.
    `measured`: experiments with a stored result.
    `sources`: bibliography keys, each with its place if any: `devlin2019, section 3`.
    """

    tests: list[str] = []
    measured: list[str] = []
    sources: list[str] = []

    @property
    def runs(self) -> bool:
        """Whether something in this repository executes it."""
        return bool(self.tests or self.measured)

    @property
    def status(self) -> Status:
        """Never more than is true."""
        if self.runs:
            return "shown"
        return "sourced" if self.sources else "none"

    def findings(self) -> list[str]:
        """Every reference that leads nowhere, one line each."""
        known = proofs()
        sources()  # what is wrong with the bibliography itself is said once
        found = dead("test", self.tests, known)
        found += [
            f"no stored result {name!r}; run: make measure NAME={name}"
            for name in self.measured
            if name not in stems()
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


# A function down to what is not indented; the end of its signature may be.
_TEST = re.compile(r"^def (test_\w+)\(.*\n(?:[ \t)].*\n|\n)*", re.MULTILINE)
_CLAIM = re.compile(r'"""(.*?)"""', re.DOTALL)


@cache
def proofs() -> dict[str, Proof]:
    """Every test function by its pytest name, read from the files without importing.

    By its indentation: to parse a hundred files would be a large part of a build.
    """
    found = {}
    folder = ROOT / "tests"
    for path in sorted(folder.rglob("test_*.py")):
        for test in _TEST.finditer(path.read_text(encoding="utf8")):
            name = f"{path.relative_to(folder)}::{test[1]}"
            claim = _CLAIM.search(test[0])
            said = inspect.cleandoc(claim[1]) if claim else ""
            found[name] = Proof(said, test[0].rstrip(), name)
    return found
