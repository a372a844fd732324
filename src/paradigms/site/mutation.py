"""Mutants of the content: an entry or an output is made wrong, and a check must fail.

Each mutant is written into a copy of the sources. There the content is loaded and
checked, and then the tests that the entry names are run, or those of the page.
"""

import random
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from paradigms._files import ROOT
from paradigms.experiments.records import load
from paradigms.site.content.bibliography import sources
from paradigms.site.content.claims import claims
from paradigms.site.content.comparison_tables import Cell, comparison, names
from paradigms.site.content.fenced_blocks import fenced_blocks
from paradigms.site.content.files import source_files
from paradigms.site.content.output_fences import is_output
from paradigms.site.content.pages import pages
from paradigms.site.content.questions import questions
from paradigms.site.working_copy import copy_sources, environment, error_line

CHECK_FAILED = 3  # the exit status of the program below
_CHECK = f"""\
import sys
from paradigms._schema import ContentError
from paradigms.site.content.quiz import quiz
from paradigms.site.exports.site_files import check_bank
try:
    check_bank()
    quiz()
except ContentError:
    sys.exit({CHECK_FAILED})
"""
_NEXT = {"9": "1", "z": "a"}
_OPPOSITE = {"<": ">", ">": "<", "~": "<", "yes": "no", "no": "yes"}


@dataclass(frozen=True)
class Mutant:
    """A piece of a file, at `start`, and what replaces it.

    `tests`: what the entry names, below `tests/`; of an output, its page.
    """

    kind: str
    file: str
    entry: str
    start: int
    old: str
    new: str
    tests: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.file}: {self.entry}: {self.old[:60]} -> {self.new[:60]}"


def main(kinds: list[str], sample: int | None, seed: int) -> int:
    """Print what was killed and what survived; 1 if more than 5% of a kind survived.

    Errors: ValueError for an unknown kind, a sample that is not positive, or mistakes
    in the content itself.
    """
    if unknown := set(kinds) - KINDS.keys():
        raise ValueError(f"no kind {sorted(unknown)}; there are: {', '.join(KINDS)}")
    if sample is not None and sample < 1:
        raise ValueError(f"--sample must be at least 1: {sample}")
    rng = random.Random(seed)
    results = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        copy_sources(copy, more=["pyproject.toml"])
        if _fails(copy, CHECK_FAILED, "-c", _CHECK):
            raise ValueError("the content has mistakes already: run `make site` first")
        for kind in kinds or KINDS:
            mutants = list(KINDS[kind](rng))
            if sample is not None and sample < len(mutants):
                mutants = rng.sample(mutants, sample)
            results += [(mutant, killed(mutant, copy)) for mutant in mutants]
    print(report(results))
    totals = Counter(mutant.kind for mutant, _ in results)
    survivors = Counter(mutant.kind for mutant, dead in results if not dead)
    return int(any(survivors[kind] > 0.05 * totals[kind] for kind in totals))


def verdicts(_: random.Random) -> Iterator[Mutant]:
    """*wrong* becomes *holds*, every other verdict *wrong*."""
    for key, claim in claims().items():
        other = "holds" if claim.verdict == "wrong" else "wrong"
        old, new = f'verdict = "{claim.verdict}"', f'verdict = "{other}"'
        yield _in_entry("verdict", "claims", key, old, new, claim.tests)


def signs(_: random.Random) -> Iterator[Mutant]:
    """The comparison of a condition is turned round."""
    for key, claim in claims().items():
        for line in dict.fromkeys([*claim.holds, *claim.true_if]):
            left, sign, right = re.split(r" ([<>=~]) ", line, maxsplit=1)
            if sign == "=":
                new = f"{left} = {_OPPOSITE.get(right, right + '0')}"
            else:
                new = f"{left} {_OPPOSITE[sign]} {right}"
            yield _in_entry("sign", "claims", key, f'"{line}"', f'"{new}"', claim.tests)


def follow_ups(rng: random.Random) -> Iterator[Mutant]:
    """A follow-up becomes a question of another topic."""
    bank = questions()
    for key, question in bank.items():
        others = [k for k, entry in bank.items() if entry.topic != question.topic]
        for old in question.follow_ups:
            new = rng.choice([k for k in others if k not in question.follow_ups])
            yield _in_entry(
                "follow-up", "questions", key, f'"{old}"', f'"{new}"', question.tests
            )


def citations(rng: random.Random) -> Iterator[Mutant]:
    """A source becomes another one of the bibliography."""
    for folder, bank in (("claims", claims()), ("questions", questions())):
        for key, entry in bank.items():
            for citation in dict.fromkeys(entry.sources):
                name, comma, place = citation.partition(",")
                other = rng.choice([key for key in sources() if key != name])
                old, new = f'"{citation}"', f'"{other}{comma}{place}"'
                yield _in_entry("source", folder, key, old, new, entry.tests)


def values(rng: random.Random) -> Iterator[Mutant]:
    """A number in a table comes from another row."""
    for name in names():
        file = f"snippets/tables/{name}.toml"
        text = (ROOT / file).read_text("utf8")
        for match in re.finditer(r"(?<=value = \")[^\"]+|(?<=\[=)[^\]|]+", text):
            experiment, _, place = match[0].partition("/")
            row, _, column = place.rpartition("/")
            rows = load(experiment).rows
            others = [r["name"] for r in rows if column in r and r["name"] != row]
            new = f"{experiment}/{rng.choice(others)}/{column}"
            yield Mutant("value", file, name, match.start(), match[0], new)


def cells(_: random.Random) -> Iterator[Mutant]:
    """The cells of two columns change places; those of words alone stay."""
    for name in names():
        file = f"snippets/tables/{name}.toml"
        text = (ROOT / file).read_text("utf8")
        lines = list(re.finditer(r"^  \{ say = .*\},$", text, re.M))
        rows = [(row, cell) for row in comparison(name).rows for cell in row.cells]
        places = zip(rows, lines, strict=True)
        for ((row, left), first), ((other, right), second) in pairwise(places):
            if row is other and (_reads(left) or _reads(right)):
                old = text[first.start() : second.end()]
                new = f"{second[0]}\n{first[0]}"
                tests = (*left.tests, *right.tests)
                yield Mutant("cell", file, row.aspect, first.start(), old, new, tests)


def outputs(_: random.Random) -> Iterator[Mutant]:
    """A digit of an output changes, or a letter if there is none."""
    for path, text in pages().items():
        file = f"docs/{path}"
        for block in fenced_blocks(text):
            if not is_output(block.info):
                continue
            body = text.index("\n", block.start) + 1
            digit = re.compile("[1-9]").search(text, body, block.end)
            first = digit or re.compile("[a-z]").search(text, body, block.end)
            if first:
                new = _NEXT.get(first[0], chr(ord(first[0]) + 1))
                line = f"line {text.count(chr(10), 0, first.start()) + 1}"
                yield Mutant(
                    "output", file, line, first.start(), first[0], new, (file,)
                )


KINDS: dict[str, Callable[[random.Random], Iterator[Mutant]]] = {
    "verdict": verdicts,
    "sign": signs,
    "value": values,
    "cell": cells,
    "follow-up": follow_ups,
    "source": citations,
    "output": outputs,
}


def killed(mutant: Mutant, copy: Path) -> bool:
    """Whether a check fails for the mutant in a copy of the sources."""
    path = copy / mutant.file
    text = path.read_text("utf8")
    end = mutant.start + len(mutant.old)
    if text[mutant.start : end] != mutant.old:
        raise ValueError(f"{mutant}: the text is not there")
    path.write_text(text[: mutant.start] + mutant.new + text[end:], "utf8")
    try:
        if mutant.kind != "output" and _fails(copy, CHECK_FAILED, "-c", _CHECK):
            return True
        below = "" if mutant.kind == "output" else "tests/"
        tests = [f"{below}{test}" for test in mutant.tests]
        return bool(tests) and _fails(copy, 1, "-m", "pytest", "-q", "-x", *tests)
    finally:
        path.write_text(text, "utf8")


def report(results: list[tuple[Mutant, bool]]) -> str:
    """Mutants and killed ones by file and kind, and each that survived."""
    counts: Counter[tuple[str, str]] = Counter()
    deaths: Counter[tuple[str, str]] = Counter()
    for mutant, dead in results:
        counts[mutant.kind, mutant.file] += 1
        deaths[mutant.kind, mutant.file] += dead
    lines = [f"{kind}, {file}: {deaths[kind, file]} of {n} killed"
             for (kind, file), n in counts.items()]  # fmt: skip
    lines += [f"survived: {mutant}" for mutant, dead in results if not dead]
    return "\n".join([*lines, f"{sum(deaths.values())} of {len(results)} killed"])


def _reads(cell: Cell) -> bool:
    return bool(cell.value or cell.mask or cell.tests or "[=" in cell.say)


def _fails(copy: Path, status: int, *arguments: str) -> bool:
    """Whether Python ends with a status. Errors: ValueError for another one but 0."""
    result = subprocess.run(
        [sys.executable, *arguments],
        cwd=copy,
        env=environment(copy),
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode not in (0, status):
        message = error_line(result.stdout + result.stderr)
        raise ValueError(f"{arguments[1]} fails: {message}")
    return result.returncode == status


def _in_entry(
    kind: str, folder: str, key: str, old: str, new: str, tests: list[str]
) -> Mutant:
    """A mutant of an entry in one of the files of a folder of snippets."""
    for path in source_files(ROOT / "snippets" / folder, "*.toml"):
        text = path.read_text("utf8")
        entry = re.search(
            rf"^\[{re.escape(key)}\]\n(?:(?!\[[\w-]+\]\n).*\n?)*", text, re.M
        )
        if entry:
            start = text.find(old, *entry.span())
            if start < 0:
                raise ValueError(f"{path.name}: {key}: has no {old}")
            file = path.relative_to(ROOT).as_posix()
            return Mutant(kind, file, key, start, old, new, tuple(tests))
    raise ValueError(f"snippets/{folder} has no {key}")
