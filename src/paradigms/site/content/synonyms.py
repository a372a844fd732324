"""Other names of terms: `snippets/synonyms.toml`."""

from functools import cache
from typing import Annotated

from pydantic import Field, StringConstraints

from paradigms._schema import Entry, raise_findings
from paradigms.site.content.toml import FOLDER, read, valid

FILE = "snippets/synonyms.toml"
Name = Annotated[str, StringConstraints(min_length=2, strip_whitespace=True)]


class Synonyms(Entry):
    """The other names of one term."""

    names: list[Name] = Field(min_length=1)


@cache
def synonyms() -> dict[str, list[str]]:
    """The other names of each term. Errors: FileError with every finding."""
    problems: list[str] = []
    bodies = {term: {"names": n} for term, n in read(FOLDER / "synonyms.toml").items()}
    groups = valid(Synonyms, bodies, f"{FILE}: ", problems)
    for term, group in groups.items():
        names = [name.lower() for name in (term, *group.names)]
        problems += [
            f"{FILE}: {term}: {name!r} is named twice; remove one"
            for name in sorted(set(names))
            if names.count(name) > 1
        ]
    raise_findings(problems)
    return {term: group.names for term, group in groups.items()}
