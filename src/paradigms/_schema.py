"""Data that people write: entries checked against a schema, and errors in one line."""

import difflib
from collections.abc import Iterable
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError


class ContentError(ValueError):
    """Something that a person wrote in docs or snippets is not right; one line each."""


class Entry(BaseModel):
    """Base of all entries: unknown keys are findings, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


AnyEntry = TypeVar("AnyEntry", bound=Entry)


def meant(name: str, known: Iterable[str]) -> str:
    """A hint at the nearest name, to stand behind one that is not known."""
    near = difflib.get_close_matches(name, list(known), 1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def validate(kind: type[AnyEntry], body: Any, where: str) -> AnyEntry:
    """One entry. Errors: ContentError, a line for each wrong key."""
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        raise ContentError("\n".join(_lines(error, where, kind))) from None


def _lines(error: ValidationError, where: str, kind: type[Entry]) -> list[str]:
    lines = []
    for finding in error.errors():
        key = ".".join(map(str, finding["loc"])) or "the entry"
        message = finding["msg"].removeprefix("Value error, ")
        message = message[:1].lower() + message[1:]
        if finding["type"] == "extra_forbidden":
            message = f"unknown key; known are {', '.join(kind.model_fields)}"
        lines.append(f"{where}: {key}: {message}")
    return lines
