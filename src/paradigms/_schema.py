"""Validation of hand-written entries against a schema, with one-line errors."""

import difflib
from collections.abc import Iterable
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError


class ContentError(ValueError):
    """An error in hand-written content in docs or snippets; one line each."""


class FileError(ContentError):
    """An error whose message names its file: a page that reads it adds no place."""


class Entry(BaseModel):
    """Base of all entries: unknown keys are errors, instances are immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True)


AnyEntry = TypeVar("AnyEntry", bound=Entry)


def meant(name: str, names: Iterable[str]) -> str:
    """A suggestion of the nearest name, to append to an error message."""
    matches = difflib.get_close_matches(name, list(names), 1)
    return f" (did you mean {matches[0]!r}?)" if matches else ""


def validate(kind: type[AnyEntry], body: Any, where: str) -> AnyEntry:
    """One entry. Errors: ContentError, a line for each wrong key."""
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        raise ContentError("\n".join(_lines(error, where, kind))) from None


def raise_findings(findings: Iterable[str]) -> None:
    """Errors: FileError with a line for each different finding, if there is one."""
    if message := "\n".join(dict.fromkeys(findings)):
        raise FileError(message)


def _lines(error: ValidationError, where: str, kind: type[Entry]) -> list[str]:
    lines = []
    for detail in error.errors():
        key = ".".join(map(str, detail["loc"])) or "the entry"
        message = detail["msg"].removeprefix("Value error, ")
        message = message[:1].lower() + message[1:]
        if detail["type"] == "extra_forbidden":
            message = f"unknown key; known are {', '.join(kind.model_fields)}"
        lines.append(f"{where}: {key}: {message}")
    return lines
