"""Other names of terms: `snippets/synonyms.toml`."""

from paradigms._schema import raise_findings
from paradigms.site.content.toml import FOLDER, text_lists
from paradigms.site.file_cache import cache

FILE = "snippets/synonyms.toml"


@cache
def synonyms() -> dict[str, list[str]]:
    """The other names of each term. Errors: FileError with every finding."""
    groups, problems = text_lists(FOLDER / "synonyms.toml")
    for term, others in groups.items():
        names = [name.lower() for name in (term, *others)]
        problems += [
            f"{FILE}: {term}: {name!r} is named twice; remove one"
            for name in sorted(set(names))
            if names.count(name) > 1
        ]
    raise_findings(problems)
    return groups
