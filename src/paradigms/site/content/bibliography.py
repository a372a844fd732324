"""The bibliography: loaded, checked, and labelled as pages cite it."""

from pydantic import Field

from paradigms._schema import ContentError, Entry
from paradigms.site.content.toml import FOLDER, entries
from paradigms.site.file_cache import cache


class Source(Entry):
    """One published work; `cited_for` says which fact this site takes from it.

    `cited_in`: the entries and pages that cite it; a citation elsewhere is an error.
    An author is `Given Family`. Words in lower case before the family name belong to
    it, as in BibTeX; one of several words is written `Family Name, Given`.
    """

    title: str = Field(min_length=3)
    authors: list[str] = Field(min_length=1)
    year: int = Field(ge=1700, le=2100)
    venue: str
    url: str = Field(pattern=r"^https://")
    cited_for: str
    cited_in: list[str]


@cache
def sources() -> dict[str, Source]:
    """Every source by its key."""
    return entries(Source, FOLDER / "bibliography.toml")


def label(key: str) -> str:
    """As in running text: Devlin et al., 2019; with a letter if two are alike."""
    source = sources()[key]
    names = [family_name(author) for author in source.authors if author != "others"]
    several = len(names) > 2 or "others" in source.authors
    authors = f"{names[0]} et al." if several else " & ".join(names)
    return f"{authors}, {source.year}{key[-1] if key[-1].isalpha() else ''}"


def family_name(author: str) -> str:
    """`van den Oord` of `Aaron van den Oord`, `El Asri` of `El Asri, Layla`.

    The name of an organisation is in braces, as in BibTeX: `{Prior Labs}`.
    """
    if author.startswith("{"):
        return author.strip("{}")
    family, comma, _ = author.partition(",")
    words = author.split()
    if comma or len(words) < 2:
        return family
    particles = [i for i, word in enumerate(words[:-1]) if word[0].islower()]
    return " ".join(words[particles[0] if particles else -1 :])


def full_name(author: str) -> str:
    """`Layla El Asri` of `El Asri, Layla`."""
    family, _, given = author.strip("{}").partition(",")
    return f"{given.strip()} {family}".strip()


def split_citation(citation: str) -> tuple[str, str]:
    """`devlin2019, section 3.1` as key and place. Errors: ContentError if unknown."""
    key, _, place = citation.partition(",")
    if key.strip() not in sources():
        raise ContentError(
            f"citation {key.strip()!r} is not in snippets/bibliography.toml; "
            "add it there"
        )
    return key.strip(), place.strip()
