"""The bibliography: loaded, checked, and labelled as pages cite it."""

from pydantic import Field

from paradigms._schema import ContentError, Entry
from paradigms.site.content.toml import FOLDER, entries
from paradigms.site.file_cache import cache


class Source(Entry):
    """One published work; `cited_for` says which fact this site takes from it."""

    title: str = Field(min_length=3)
    authors: list[str] = Field(min_length=1)
    year: int = Field(ge=1700, le=2100)
    venue: str
    url: str = Field(pattern=r"^https://")
    cited_for: str


@cache
def sources() -> dict[str, Source]:
    """Every source by its key."""
    return entries(Source, FOLDER / "bibliography.toml")


def label(key: str) -> str:
    """As in running text: Devlin et al., 2019; with a letter if two are alike."""
    source = sources()[key]
    names = [author.split()[-1] for author in source.authors if author != "others"]
    authors = f"{names[0]} et al." if len(source.authors) > 2 else " & ".join(names)
    return f"{authors}, {source.year}{key[-1] if key[-1].isalpha() else ''}"


def split_citation(citation: str) -> tuple[str, str]:
    """`devlin2019, section 3.1` as key and place. Errors: ContentError if unknown."""
    key, _, place = citation.partition(",")
    if key.strip() not in sources():
        raise ContentError(
            f"citation {key.strip()!r} is not in snippets/bibliography.toml; "
            "add it there"
        )
    return key.strip(), place.strip()
