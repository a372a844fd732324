"""Read the TOML files below `snippets/`, checked against a schema.

Every finding of a file is collected before one error is raised, each finding as a line
that names file, entry and key.
"""

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from paradigms._files import ROOT
from paradigms._schema import AnyEntry, ContentError, validate

FOLDER = ROOT / "snippets"
DOCS = ROOT / "docs"
# Also indented, in a tab or a box; a fence of four ticks may quote one of three.
FENCE = re.compile(
    r"^(?P<indent>[ \t]*)(?P<ticks>`{3,})(?P<info>[^\n`]*)\n(?P<body>.*?)"
    r"^(?P=indent)(?P=ticks)[ \t]*$\n?",
    re.M | re.S,
)


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
    problems: list[str] = []
    by_id: dict[str, AnyEntry] = {}
    ids: set[str] = set()
    for path in paths:
        table = read(path)
        problems += [
            f"{_name(path)}: {key}: this id is taken; choose another"
            for key in table
            if key in ids
        ]
        new = {key: body for key, body in table.items() if key not in ids}
        by_id |= valid(kind, new, f"{_name(path)}: ", problems)
        ids |= new.keys()
    if problems:
        raise ContentError("\n".join(problems))
    return by_id


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


def ids_by_page(kind: str) -> list[tuple[str, str]]:
    """Every id in the fences of a kind, with its page: `("S01", "q19/index.md")`.

    A fence that asks for a whole `topic` names no ids.
    Errors: ContentError for a fence that cannot be read.
    """
    pairs = []
    for body, page in bodies(kind):
        try:
            keys = tomllib.loads(body)
            pairs += [(key, page) for key in ([] if "topic" in keys else keys["ids"])]
        except (tomllib.TOMLDecodeError, KeyError, TypeError):
            raise ContentError(
                f'docs/{page}: {kind} fence: write ids = ["..."]'
            ) from None
    return pairs


def bodies(kind: str) -> list[tuple[str, str]]:
    """The body of every fence of a kind, with its page."""
    return [(body, page) for info, body, page in _fences() if info == kind]


@cache
def _fences() -> list[tuple[str, str, str]]:
    """Info string, body and page of every fence."""
    return [
        (fence["info"].strip(), fence["body"], page)
        for page, text in pages().items()
        for fence in FENCE.finditer(text)
    ]


@cache
def pages() -> dict[str, str]:
    """The Markdown of every page by its path: `q39/index.md`; read once a build."""
    return {
        path.relative_to(DOCS).as_posix(): path.read_text("utf8")
        for path in sorted(DOCS.rglob("*.md"))
    }


def abbreviations() -> dict[str, str]:
    """Every abbreviation with its expansion, from `snippets/abbreviations.md`."""
    text = (FOLDER / "abbreviations.md").read_text(encoding="utf8")
    return dict(re.findall(r"^\*\[(.+?)\]: (.+)$", text, re.MULTILINE))


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
