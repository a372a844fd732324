"""The Markdown of the pages, read once a build: their fences, and abbreviations."""

import re
import tomllib

from paradigms._files import ROOT
from paradigms._schema import ContentError
from paradigms.site.content.toml import FOLDER
from paradigms.site.file_cache import cache, cache_by_value

DOCS = ROOT / "docs"


# Also indented, in a tab or a box; a fence of four ticks may quote one of three.
FENCE = re.compile(
    r"^(?P<indent>[ \t]*)(?P<ticks>`{3,})(?P<info>[^\n`]*)\n(?P<body>.*?)"
    r"^(?P=indent)(?P=ticks)[ \t]*$\n?",
    re.M | re.S,
)


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


@cache_by_value
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
