"""Read what is said once: the TOML files below `snippets/`, checked against a schema.

Every finding of a file is collected before one error is raised, each finding as a line
that names file, entry and key.
"""

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "snippets"
DOCS = ROOT / "docs"


class ContentError(ValueError):
    """Something that a person wrote in docs or snippets is not right; one line each."""


class Entry(BaseModel):
    """Base of all entries: unknown keys are findings, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


AnyEntry = TypeVar("AnyEntry", bound=Entry)


def read(path: Path) -> dict[str, Any]:
    """One TOML file. Errors: ContentError if it is missing or not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf8"))
    except FileNotFoundError:
        raise ContentError(f"{_name(path)}: missing; restore it from git") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ContentError(f"{_name(path)}: not TOML: {error}") from None


def entries(kind: type[AnyEntry], *paths: Path) -> dict[str, AnyEntry]:
    """All entries of some files by id. Errors: ContentError with every finding."""
    found: dict[str, AnyEntry] = {}
    taken: set[str] = set()
    problems: list[str] = []
    for path in paths:
        for key, body in read(path).items():
            where = f"{_name(path)}: {key}"
            if key in taken:
                problems.append(f"{where}: this id is taken; choose another")
                continue
            taken.add(key)
            try:
                found[key] = validate(kind, body, where)
            except ContentError as error:
                problems.append(str(error))
    if problems:
        raise ContentError("\n".join(problems))
    return found


def validate(kind: type[AnyEntry], body: Any, where: str) -> AnyEntry:
    """One entry. Errors: ContentError, a line for each wrong key."""
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        raise ContentError("\n".join(_lines(error, where, kind))) from None


def placed(kind: str) -> list[tuple[str, str]]:
    """Every id in the fences of a kind, with its page: `("S01", "q19/index.md")`.

    A fence that asks for a whole `topic` names no ids.
    Errors: ContentError for a fence that cannot be read.
    """
    found = []
    for body, page in bodies(kind):
        try:
            keys = tomllib.loads(body)
            found += [(key, page) for key in ([] if "topic" in keys else keys["ids"])]
        except (tomllib.TOMLDecodeError, KeyError, TypeError):
            raise ContentError(
                f'docs/{page}: {kind} fence: write ids = ["..."]'
            ) from None
    return found


def bodies(kind: str) -> list[tuple[str, str]]:
    """What stands in every fence of a kind, with its page."""
    # Fences in tabs and admonitions are indented; four ticks only quote a fence.
    fence = re.compile(rf"^[ \t]*```{kind}\s*\n(.*?)^[ \t]*```", re.M | re.S)
    return [(body, page) for page, text in _pages(DOCS) for body in fence.findall(text)]


@cache
def _pages(folder: Path) -> list[tuple[str, str]]:
    """Every page with its text, but for what four ticks quote; read once a build."""
    quoted = re.compile(r"^````.*?^````\s*$", re.M | re.S)
    return [
        (path.relative_to(folder).as_posix(), quoted.sub("", path.read_text("utf8")))
        for path in sorted(folder.rglob("*.md"))
    ]


def abbreviations() -> dict[str, str]:
    """Every abbreviation with its words, as `snippets/abbreviations.md` has them."""
    text = (FOLDER / "abbreviations.md").read_text(encoding="utf8")
    return dict(re.findall(r"^\*\[(.+?)\]: (.+)$", text, re.MULTILINE))


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


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
