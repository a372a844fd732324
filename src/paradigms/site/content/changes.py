"""What a good answer said in 2020 and says today, with the years of its evidence."""

from functools import cache
from typing import Literal

from pydantic import Field

from paradigms._schema import ContentError
from paradigms.site.content.bibliography import sources, split_citation
from paradigms.site.content.claims import claims
from paradigms.site.content.evidence import Evidence, dead
from paradigms.site.content.toml import FOLDER, entries, placed

THEN = 2020  # the year of the older answer
NOW = 2026  # the year of the newer one


class Change(Evidence):
    """A sentence of 2020 and the one that takes its place.

    `then`: who said it, as sources of 2020 or before; `sources`: what has changed it,
    all of them from 2020 on; `claims`: ids of the ledger that bear on it.
    """

    topic: Literal["Q19", "Q39", "both"]
    said: str = Field(min_length=20)
    then: list[str] = Field(min_length=1)
    now: str = Field(min_length=20)
    claims: list[str] = []

    def years(self) -> tuple[int, int]:
        """The first and the last year of what has changed it."""
        found = sorted(map(_year, self.sources))
        return found[0], found[-1]

    def findings(self) -> list[str]:
        """Every reference that leads nowhere, and every date that cannot be."""
        found = super().findings() + dead("claim", self.claims, claims())
        found += Evidence(sources=self.then).findings()
        if found:
            return found
        found += [
            f"{citation!r} is of {_year(citation)}: it did not say so by {THEN}"
            for citation in self.then
            if _year(citation) > THEN
        ]
        found += [
            f"{citation!r} is of {_year(citation)}: no change since {THEN}"
            for citation in self.sources
            if _year(citation) < THEN
        ]
        if not self.sources:
            found.append("has no source for what has changed")
        if not self.runs:
            found.append("names nothing measured here that bears on it")
        return found


@cache
def changes() -> dict[str, Change]:
    """Every change by its id, in the order of the file.

    Errors: ContentError with all findings, those about the page's fences as well.
    """
    found = entries(Change, FOLDER / "changes.toml")
    problems = [
        f"snippets/changes.toml: {key}: {finding}"
        for key, change in found.items()
        for finding in change.findings()
    ]
    shown = [key for key, _ in placed("change")]
    problems += [
        f"snippets/changes.toml: {key}: stands in {shown.count(key)} change fences; "
        "it must stand in one"
        for key in found
        if shown.count(key) != 1
    ]
    if problems:
        raise ContentError("\n".join(problems))
    return found


def _year(citation: str) -> int:
    return sources()[split_citation(citation)[0]].year
