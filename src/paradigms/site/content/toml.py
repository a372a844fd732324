"""Read the TOML files below `snippets/`, checked against a schema.

Every finding of a file is collected before one error is raised, each finding as a line
that names file, entry and key.
"""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import Field, StringConstraints

from paradigms._files import ROOT
from paradigms._schema import (
    AnyEntry,
    ContentError,
    Entry,
    FileError,
    raise_findings,
    validate,
)
from paradigms.site.content.files import path_in_repository, read_text

FOLDER = ROOT / "snippets"


class IdForm(NamedTuple):
    """What an id must match, since it is part of an address, and the same in words."""

    pattern: str
    rule: str


WORDS = IdForm("[a-z0-9]+(-[a-z0-9]+)*", "lower-case words joined by hyphens")


def read(path: Path) -> dict[str, Any]:
    """One TOML file. Errors: FileError if it is missing or not TOML."""
    try:
        return tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise FileError(f"{path_in_repository(path)}: not TOML: {error}") from None


def entries(
    kind: type[AnyEntry], *paths: Path, ids: IdForm = WORDS
) -> dict[str, AnyEntry]:
    """All entries of some files by id. Errors: ContentError with every finding."""
    if not paths:
        raise ContentError(
            f"{path_in_repository(FOLDER)}: files are missing; restore them from git"
        )
    problems: list[str] = []
    by_id: dict[str, AnyEntry] = {}
    taken: set[str] = set()
    for path in paths:
        table = read(path)
        problems += [
            f"{path_in_repository(path)}: {key}: this id is taken; choose another"
            for key in table
            if key in taken
        ]
        problems += [
            f"{path_in_repository(path)}: {key}: an id is {ids.rule}"
            for key in table
            if not re.fullmatch(ids.pattern, key)
        ]
        new = {key: body for key, body in table.items() if key not in taken}
        by_id |= valid(kind, new, f"{path_in_repository(path)}: ", problems)
        taken |= new.keys()
    raise_findings(problems)
    return by_id


class _Texts(Entry):
    """One entry of a file that holds a list of texts under each id."""

    texts: list[Annotated[str, StringConstraints(min_length=2)]] = Field(min_length=1)


def text_lists(path: Path) -> tuple[dict[str, list[str]], list[str]]:
    """The lists of texts by id, and a line for each mistake in the file."""
    problems: list[str] = []
    bodies = {key: {"texts": texts} for key, texts in read(path).items()}
    by_id = valid(_Texts, bodies, f"{path_in_repository(path)}: ", problems)
    return {key: entry.texts for key, entry in by_id.items()}, problems


def entry(kind: type[AnyEntry], path: Path) -> AnyEntry:
    """A file that is one entry. Errors: FileError with every finding."""
    problems: list[str] = []
    by_id = valid(kind, {"": read(path)}, path_in_repository(path), problems)
    raise_findings(problems)
    return by_id[""]


def valid(
    kind: type[AnyEntry], bodies: dict[str, Any], where: str, problems: list[str]
) -> dict[str, AnyEntry]:
    """The valid entries; errors in the others are added to `problems`."""
    by_id = {}
    for key, body in bodies.items():
        try:
            by_id[key] = validate(kind, body, f"{where}{key}")
        except ContentError as error:
            problems.append(str(error))
    return by_id
