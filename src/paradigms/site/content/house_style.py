"""The house style as data: what is not written here, what instead, and why."""

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from pydantic import field_validator

from paradigms._schema import Entry
from paradigms.site.content.toml import FOLDER, entries

_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"")


class Rule(Entry):
    """One rule, with an example of what it finds and one of what it lets stand."""

    pattern: str
    write: str
    why: str
    wrong: str
    right: str

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            re.compile(pattern, re.IGNORECASE)
        except re.error as error:
            raise ValueError(f"is no regular expression: {error}") from None
        return pattern

    def finds(self, text: str) -> Iterator[re.Match[str]]:
        """Every breach outside quotation marks."""
        blank = _QUOTED.sub(lambda found: "·" * len(found[0]), text)
        return re.finditer(self.pattern, blank, re.IGNORECASE)


class Finding(NamedTuple):
    """What stands in a text, at which character, and the rule against it."""

    offset: int
    found: str
    rule: str
    write: str


@cache
def rules() -> dict[str, Rule]:
    """Every rule by its name. Errors: ContentError with all findings."""
    return entries(Rule, FOLDER / "style.toml")


def breaches(text: str) -> list[Finding]:
    """Everything in a text that the house style does not write."""
    return [
        Finding(found.start(), found[0], name, rule.write)
        for name, rule in rules().items()
        for found in rule.finds(text)
    ]
