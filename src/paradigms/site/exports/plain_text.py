"""The question bank as plain text for exports: order, sources, URLs."""

import re
from collections.abc import Callable

from paradigms.site.content.bibliography import label, sources, split_citation
from paradigms.site.content.questions import (
    TOPICS,
    Question,
    of_topic,
    question_places,
    questions,
)
from paradigms.site.markdown.recorded_numbers import format_number

_REFERENCE = re.compile(
    r"(?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`)|"  # code
    r"\[(?P<sign>[=@])(?P<source>[^\]]+)\]",
    re.S,
)


def ordered_questions() -> dict[str, Question]:
    """Every question by its id, topic by topic, junior before senior."""
    return {key: questions()[key] for topic in TOPICS for key in of_topic(topic)}


def citation_text(citation: str) -> str:
    """`devlin2019, section 3` as author, year, title and place."""
    key, place = split_citation(citation)
    authors, _, year = label(key).rpartition(", ")
    text = f"{authors} ({year}), {sources()[key].title}"
    return f"{text}, {place}" if place else text


def plain(text: str) -> str:
    """A line of the bank with its citations and recorded numbers as words.

    Formulas stay as they are written: TeX between dollars.
    """
    return with_references(text, lambda key, _: label(key))


def with_references(text: str, cite: Callable[[str, str], str]) -> str:
    """Markdown with its recorded numbers, and with `cite(key, place)` for citations.

    What is quoted as code stays as it is.
    """

    def expand(match: re.Match[str]) -> str:
        if match["sign"] == "=":
            return format_number(match["source"].replace(r"\|", "|"))  # of a table
        if match["sign"] == "@":
            return cite(*split_citation(match["source"]))
        return match[0]

    return _REFERENCE.sub(expand, text)


def address(key: str, site_url: str) -> str:
    """The URL of a question on the published site; empty without a site."""
    if not site_url:
        return ""
    page, _, anchor = question_places()[key].partition("#")
    folder = page.removesuffix(".md").removesuffix("index").removesuffix("/")
    return f"{site_url.rstrip('/')}/{folder}/#{anchor}".replace("//#", "/#")
