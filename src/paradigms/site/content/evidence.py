"""Evidence for statements: tests, measurements and sources."""

import inspect
import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

from paradigms._files import ROOT
from paradigms._schema import ContentError, Entry
from paradigms.experiments.records import stems
from paradigms.site.content.bibliography import sources, split_citation
from paradigms.site.content.files import read_text, source_files
from paradigms.site.file_cache import cache

Status = Literal["shown", "sourced", "opinion", "none"]


class Evidence(Entry):
    """The evidence for a claim, a table cell or an answer.

    `tests`: as pytest names them, `test_masks.py::test_name`, below `tests/`.
    `measured`: experiments with a stored result.
    `sources`: bibliography keys, each with its place if any: `devlin2019, section 3`.
    """

    tests: list[str] = []
    measured: list[str] = []
    sources: list[str] = []

    @property
    def runs(self) -> bool:
        """Whether a test or an experiment of this repository backs it."""
        return bool(self.tests or self.measured)

    @property
    def status(self) -> Status:
        """The strongest kind of evidence: code, else literature, else none."""
        if self.runs:
            return "shown"
        return "sourced" if self.sources else "none"

    def findings(self) -> list[str]:
        """Every broken reference, one line each."""
        tests = proofs()
        sources()  # errors of the bibliography itself are reported once
        problems = unknown_names("test", self.tests, tests)
        problems += [
            f"no stored result {name!r}; run: make measure NAME={name}"
            for name in self.measured
            if name not in stems()
        ]
        for citation in self.sources:
            try:
                split_citation(citation)
            except ContentError as error:
                problems.append(str(error))
        return problems


def unknown_names(
    what: str, names: Iterable[str], entries: Container[str]
) -> list[str]:
    """A finding for each unknown name."""
    return [f"{what} {name!r} does not exist" for name in names if name not in entries]


@dataclass(frozen=True)
class Proof:
    """A test that pages point to: the claim in its docstring, and its source."""

    claim: str
    code: str
    path: str

    @property
    def summary(self) -> str:
        """The claim without the paragraphs that explain it."""
        return self.claim.partition("\n\n")[0]

    @property
    def command(self) -> str:
        """The shell command that runs this test alone."""
        return f".venv/bin/python -m pytest tests/{self.path}"


# A function up to the next line that is neither indented nor a closing parenthesis.
_TEST = re.compile(r"^def (test_\w+)\(.*\n(?:[ \t)].*\n|\n)*", re.MULTILINE)
_CLAIM = re.compile(r'"""(.*?)"""', re.DOTALL)


def pytest_name(path: PurePath, folder: PurePath, test: str) -> str:
    """A test as pytest and our entries name it, on Windows too: `site/x.py::test_y`."""
    return f"{path.relative_to(folder).as_posix()}::{test}"


@cache
def proofs() -> dict[str, Proof]:
    """Every test function by its pytest name, read from the files without importing.

    By regular expression: parsing a hundred files would slow down a build.
    """
    by_name = {}
    folder = ROOT / "tests"
    for path in source_files(folder, "test_*.py"):
        for test in _TEST.finditer(read_text(path)):
            name = pytest_name(path, folder, test[1])
            match = _CLAIM.search(test[0])
            claim = inspect.cleandoc(match[1]) if match else ""
            by_name[name] = Proof(claim, test[0].rstrip(), name)
    return by_name
