"""The list of cards that the fences of claims, questions and changes show."""

from collections.abc import Callable, Container, Iterable

from markupsafe import Markup

from paradigms._schema import ContentError, FileError
from paradigms.site.fences.page import Page


def render_each(
    ids: Iterable[str],
    entries: Container[str],
    card: Callable[[str, Page], Markup],
    page: Page,
    source: tuple[str, str],
) -> str:
    """The cards of entries; `source`: what they are, and their file or folder.

    Errors: ContentError for an unknown id, or with the id of the entry that is wrong.
    """
    kind, path = source
    cards = []
    for key in ids:
        if key not in entries:
            raise ContentError(f"ids: no {kind} {key!r} in {path}")
        try:
            cards.append(card(key, page))
        except ContentError as error:
            raise FileError(f"{path}: {key}: {error}") from None
    return page.anchored("".join(cards))
