"""The claims ledger: common claims, their corrections, and the evidence."""

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from paradigms._schema import ContentError, raise_findings
from paradigms.experiments.records import Result, load
from paradigms.site.content.conditions import check_form, experiments, failure
from paradigms.site.content.evidence import Evidence, Status
from paradigms.site.content.files import source_files
from paradigms.site.content.pages import ids_by_page
from paradigms.site.content.toml import FOLDER, IdForm, entries
from paradigms.site.file_cache import cache, cache_by_value

Verdict = Literal["holds", "too simple", "wrong", "opinion"]

Condition = Annotated[str, AfterValidator(check_form)]
CLAIM_IDS = IdForm(r"S\d\d", "S and two digits")


class Claim(Evidence):
    """A claim: `said` as textbooks and candidates put it, `right` as they should.

    `holds`: conditions on the recorded rows, at least one for each experiment.
    `true_if`: conditions that follow from `said`; all hold if the verdict is *holds*,
    at least one fails if it is *wrong*. Other verdicts have none.
    """

    said: str = Field(min_length=8)
    verdict: Verdict
    right: str = Field(min_length=20)
    holds: list[Condition] = []
    true_if: list[Condition] = []

    @property
    def reason(self) -> str:
        """The first sentences of `right`, until they say something: 60 letters."""
        sentences = re.split(r"(?<=[.!?]) +", self.right)
        text = sentences[0]
        for sentence in sentences[1:]:
            if len(text) >= 60:
                break
            text += f" {sentence}"
        return text

    @property
    def status(self) -> Status:
        """An opinion remains one unless a test or an experiment backs it."""
        if self.verdict == "opinion" and not self.runs:
            return "opinion"
        return super().status


@cache
def claims() -> dict[str, Claim]:
    """Every claim by its id, checked; ids are S and two digits.

    Errors: ContentError with all findings of all files.
    """
    ledger = entries(Claim, *source_files(FOLDER / "claims", "*.toml"), ids=CLAIM_IDS)
    problems = [
        f"snippets/claims: {key}: {finding}"
        for key, claim in ledger.items()
        for finding in [
            *([] if claim.status != "none" else ["has no evidence; add one"]),
            *claim.findings(),
            *condition_problems(claim),
            *verdict_problems(claim),
        ]
    ]
    raise_findings(problems)
    return dict(sorted(ledger.items()))


def condition_problems(claim: Claim) -> list[str]:
    """Failing conditions, and mismatches of `holds` and `measured`, one line each."""
    problems = [problem for line in claim.holds if (problem := _problem(line))]
    experiments_read = {name for line in claim.holds for name in experiments(line)}
    problems += [
        f"measured {name!r} without a line in holds that reads it"
        for name in claim.measured
        if name not in experiments_read
    ]
    return problems + [
        f"holds reads {name!r}, which is not in measured"
        for name in sorted(experiments_read - set(claim.measured))
    ]


def verdict_problems(claim: Claim, load: Callable[[str], Result] = load) -> list[str]:
    """Why a verdict does not follow from what the claim names, one line each."""
    if claim.verdict == "opinion" and claim.tests:
        return ["an opinion names no test: state as a fact what it shows, or remove it"]
    if claim.verdict in ("too simple", "opinion"):
        wrong = (
            f"true_if decides between holds and wrong; the verdict is {claim.verdict}"
        )
        return [wrong] if claim.true_if else []
    if not claim.true_if:
        return [f"verdict {claim.verdict!r} needs conditions in true_if"]
    problems = (_problem(line, load) for line in claim.true_if)
    failing = [problem for problem in problems if problem]
    if claim.verdict == "holds":
        return failing
    if failing:
        return []
    return [f"verdict 'wrong', but all conditions hold: {'; '.join(claim.true_if)}"]


@cache_by_value
def places() -> dict[str, str]:
    """The page and anchor of each claim: `q19/index.md#s01`, read from the pages.

    Errors: ContentError if a claim is on no page, or on two.
    """
    by_id: dict[str, str] = {}
    problems: list[str] = []
    for key, page in ids_by_page("claim"):
        if key in by_id:
            problems.append(f"docs/{page}: {key} also stands in {by_id[key]}")
        by_id[key] = f"{page}#{key.lower()}"
    problems += [
        f"snippets/claims: {key}: stands on no page; add a claim fence"
        for key in claims()
        if key not in by_id
    ]
    raise_findings(problems)
    return by_id


def ledger() -> list[dict[str, Any]]:
    """The ledger as plain data, one row per claim, as `claims --json` prints it."""
    anchors = places()
    return [
        {
            "id": key,
            "claim": claim.said,
            "verdict": claim.verdict,
            "right": claim.right,
            "page": anchors[key],
            "status": claim.status,
            "evidence": {
                "tests": claim.tests,
                "measured": claim.measured,
                "holds": claim.holds,
                "true_if": claim.true_if,
            },
            "sources": claim.sources,
        }
        for key, claim in claims().items()
    ]


def failing_conditions(name: str, again: Result) -> list[str]:
    """The conditions of claims that fail for another record of an experiment."""

    def load_other(stem: str) -> Result:
        return again if stem == name else load(stem)

    problems = []
    for key, claim in claims().items():
        conditions = [line for line in claim.holds if name in experiments(line)]
        failures = [_problem(line, load_other) for line in conditions]
        if any(name in experiments(line) for line in claim.true_if):
            failures += verdict_problems(claim, load_other)
        problems += [f"{key}: {failure}" for failure in failures if failure]
    return problems


def _problem(predicate: str, load: Callable[[str], Result] = load) -> str | None:
    """Why a condition fails, a missing row included; None if it holds."""
    try:
        return failure(predicate, load)
    except ContentError as error:
        return f"{predicate!r}: {error}"
