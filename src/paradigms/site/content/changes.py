"""Good answers of 2020 and of today, with the years of their evidence."""

from typing import Literal

from pydantic import Field

from paradigms._schema import raise_findings
from paradigms.site.content.bibliography import sources, split_citation
from paradigms.site.content.claims import claims
from paradigms.site.content.evidence import Evidence, unknown_names
from paradigms.site.content.pages import ids_by_page
from paradigms.site.content.toml import FOLDER, entries
from paradigms.site.file_cache import cache

THEN = 2020  # the year of the older answer
NOW = 2026  # the year of the newer one


class Change(Evidence):
    """A sentence of 2020 and the one that replaces it.

    `then`: sources of the old sentence, of 2020 or before; `sources`: those of the new
    one, from 2020 on; `claims`: ids of related claims in the ledger.
    """

    topic: Literal["Q19", "Q39", "both"]
    said: str = Field(min_length=20)
    then: list[str] = Field(min_length=1)
    now: str = Field(min_length=20)
    claims: list[str] = []

    def years(self) -> tuple[int, int]:
        """The first and the last year of its `sources`."""
        cited_years = sorted(map(_year, self.sources))
        return cited_years[0], cited_years[-1]

    def findings(self) -> list[str]:
        """Every broken reference and every impossible date."""
        problems = super().findings() + unknown_names("claim", self.claims, claims())
        problems += Evidence(sources=self.then).findings()
        if problems:
            return problems
        problems += [
            f"{citation!r} is of {_year(citation)}: it did not say so by {THEN}"
            for citation in self.then
            if _year(citation) > THEN
        ]
        problems += [
            f"{citation!r} is of {_year(citation)}: no change since {THEN}"
            for citation in self.sources
            if _year(citation) < THEN
        ]
        if not self.sources:
            problems.append("has no source for what has changed")
        if not self.runs:
            problems.append("names nothing measured here that bears on it")
        return problems


@cache
def changes() -> dict[str, Change]:
    """Every change by its id, in the order of the file.

    Errors: ContentError with all findings, those about fences on pages included.
    """
    by_id = entries(Change, FOLDER / "changes.toml")
    problems = [
        f"snippets/changes.toml: {key}: {finding}"
        for key, change in by_id.items()
        for finding in change.findings()
    ]
    ids = [key for key, _ in ids_by_page("change")]
    problems += [
        f"snippets/changes.toml: {key}: stands in {ids.count(key)} change fences; "
        "it must stand in one"
        for key in by_id
        if ids.count(key) != 1
    ]
    raise_findings(problems)
    return by_id


def _year(citation: str) -> int:
    return sources()[split_citation(citation)[0]].year
