"""The front matter of a page, checked: MkDocs shows as text what it cannot read."""

from typing import Any

import yaml

from paradigms._schema import ContentError, Entry, FileError, validate


class FrontMatter(Entry):
    """What stands between the first two lines of three hyphens."""

    title: str = ""
    description: str = ""
    level: Any = None  # every page needs one: see `navigation.levels`
    tags: list[str] = []
    hide: list[str] = []
    search: dict[str, Any] = {}


def front_matter(text: str, place: str) -> tuple[dict[str, Any], str]:
    """The values of a page and the text below; `place` names the page.

    Errors: FileError with page, line and remedy.
    """
    first, *lines = text.split("\n")
    if first.rstrip() != "---":
        return {}, text
    end = next((i for i, line in enumerate(lines) if line.rstrip() == "---"), None)
    if end is None:
        raise FileError(f"{place}, line 1: front matter: close it with a line of ---")
    values = _values("\n".join(lines[:end]), place)
    try:
        entry = validate(FrontMatter, values, f"{place}: front matter")
    except ContentError as error:
        raise FileError(str(error)) from None
    return entry.model_dump(exclude_unset=True), "\n".join(lines[end + 1 :])


def _values(text: str, place: str) -> dict[str, Any]:
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            raise FileError(f"{place}, line 1: front matter: write lines of key: value")
        values = loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else 1
        raise FileError(
            f"{place}, line {line}: front matter: {error.problem}; put a value with a "
            "colon or another sign of YAML in quotes"
        ) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 2
        raise FileError(
            f"{place}, line {line}: front matter: remove the control character "
            f"#x{error.character:04x}"
        ) from None
    keys = [key.value for key, _ in node.value]
    for key, _ in node.value:
        if keys.count(key.value) > 1:
            line = key.start_mark.line + 2
            raise FileError(
                f"{place}, line {line}: front matter: {key.value} stands there twice"
            )
    return dict(values)
