"""The house style as data: what not to write, what to write instead, and why."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from pydantic import field_validator

from paradigms._schema import Entry
from paradigms.site.content.toml import FOLDER, entries
from paradigms.site.file_cache import cache

_QUOTATION = re.compile(r"“[^”]*”|\"[^\"]*\"")


class Rule(Entry):
    """One rule, with an example that breaks it and one that keeps it."""

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
        unquoted = _QUOTATION.sub(lambda match: "·" * len(match[0]), text)
        return re.finditer(self.pattern, unquoted, re.IGNORECASE)


class Finding(NamedTuple):
    """A breach: its offset and text, the rule, and what to write instead."""

    offset: int
    text: str
    rule: str
    write: str


@cache
def rules() -> dict[str, Rule]:
    """Every rule by its name. Errors: ContentError with all findings."""
    return entries(Rule, FOLDER / "style.toml")


def breaches(text: str) -> list[Finding]:
    """Every breach of the house style in a text."""
    return [
        Finding(match.start(), match[0], name, rule.write)
        for name, rule in rules().items()
        for match in rule.finds(text)
    ]
