"""The question bank as plain text for exports: order, sources, URLs."""

import re

from paradigms.experiments.records import quote
from paradigms.site.content.bibliography import label, sources, split_citation
from paradigms.site.content.questions import (
    TOPICS,
    Question,
    of_topic,
    question_places,
    questions,
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
    text = re.sub(r"\[=([^\]|]+)[^\]]*\]", lambda m: quote(m[1], interval=False), text)
    return re.sub(r"\[@([^\]]+)\]", lambda m: label(split_citation(m[1])[0]), text)


def address(key: str, site_url: str) -> str:
    """The URL of a question on the published site; empty without a site."""
    if not site_url:
        return ""
    page, _, anchor = question_places()[key].partition("#")
    folder = page.removesuffix(".md").removesuffix("index").removesuffix("/")
    return f"{site_url.rstrip('/')}/{folder}/#{anchor}".replace("//#", "/#")
