"""Questions in the words of candidates: `snippets/phrasings.toml`."""

from collections import Counter

from paradigms._schema import meant, raise_findings
from paradigms.site.content.questions import questions
from paradigms.site.content.toml import FOLDER, text_lists
from paradigms.site.file_cache import cache

FILE = "snippets/phrasings.toml"


@cache
def phrasings() -> dict[str, list[str]]:
    """The other phrasings of each question, by its id.

    Errors: FileError with every finding: an unknown question, a phrasing of two.
    """
    groups, problems = text_lists(FOLDER / "phrasings.toml")
    problems += [
        f"{FILE}: {key}: no question of the bank{meant(key, questions())}"
        for key in groups.keys() - questions().keys()
    ]
    counts = Counter(line.lower() for lines in groups.values() for line in lines)
    problems += [
        f"{FILE}: {key}: {line!r} is listed twice; remove one"
        for key, lines in groups.items()
        for line in lines
        if counts[line.lower()] > 1
    ]
    raise_findings(problems)
    return groups
