"""Which entries and pages cite a source, against its list in the bibliography.

The wrong source of the same bibliography is a valid citation, too. So each source lists
where it is cited, and a citation that is not listed stops the build.
"""

import re
from collections.abc import Iterable, Iterator

from paradigms._schema import raise_findings
from paradigms.site.content.bibliography import sources, split_citation
from paradigms.site.content.changes import changes
from paradigms.site.content.claims import claims
from paradigms.site.content.comparison_tables import comparison, names
from paradigms.site.content.pages import pages
from paradigms.site.content.questions import questions
from paradigms.site.content.systems import systems
from paradigms.site.content.toml import FOLDER, read

_IN_TEXT = re.compile(r"(?<!`)\[@([^\]]+)\]")


def uses() -> dict[str, set[str]]:
    """The entries and pages that cite each source.

    Claims, questions, changes and systems by their id, pages by path, `table NAME`.
    """
    by_source: dict[str, set[str]] = {}
    for place, citations in _citations():
        for citation in citations:
            by_source.setdefault(split_citation(citation)[0], set()).add(place)
    return by_source


def check_uses() -> None:
    """Compare each list with its source's uses. Errors: FileError, all differences."""
    cited_in = uses()
    problems = []
    for key, source in sources().items():
        listed, used = set(source.cited_in), cited_in.get(key, set())
        problems += [
            f"snippets/bibliography.toml: {key}: {place} cites it: add it to cited_in "
            "if the source says what is stated there"
            for place in sorted(used - listed)
        ]
        problems += [
            f"snippets/bibliography.toml: {key}: {place} does not cite it: remove it "
            "from cited_in"
            for place in sorted(listed - used)
        ]
    raise_findings(problems)


def _citations() -> Iterator[tuple[str, Iterable[str]]]:
    """Each entry and page with the citations in it."""
    for key, claim in claims().items():
        yield key, [*claim.sources, *citations_in(claim.right)]
    for key, question in questions().items():
        texts = question.answer, question.wrong_answer, *question.key_points
        yield key, [*question.sources, *citations_in("\n".join(texts))]
    for key, change in changes().items():
        yield key, [*change.sources, *change.then]
    for key, system in systems().items():
        yield key, system.sources
    for name in names():
        for row in comparison(name).rows:
            for cell in row.cells:
                yield f"table {name}", [*cell.sources, *citations_in(cell.say)]
    for path, text in pages().items():
        yield path, citations_in(text)
    yield "cheat-sheet", citations_in(repr(read(FOLDER / "cheat-sheet.toml")))


def citations_in(text: str) -> list[str]:
    """The citations in a text of Markdown: `devlin2019, section 3.1`."""
    return _IN_TEXT.findall(text)
