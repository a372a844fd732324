"""Helpers shared by the fences of claims, questions and changes."""

from collections.abc import Callable

from paradigms._schema import ContentError
from paradigms.site.fences.page import Page, slug

_SIGN = {"holds": "✓", "too simple": "≈", "wrong": "✗", "opinion": "?"}


def render_each(
    ids: list[str], card: Callable[[str, Page], str], page: Page, folder: str
) -> str:
    """The cards of all entries; an error in one names its id."""
    cards = []
    for key in ids:
        try:
            cards.append(card(key, page))
        except ContentError as error:
            raise ContentError(f"{folder}: {key}: {error}") from None
    return "".join(cards)


def verdict(word: str) -> str:
    """A verdict with its sign; the colour adds no information."""
    return f'<span class="verdict {slug(word)}">{_SIGN[word]} {word}</span>'
