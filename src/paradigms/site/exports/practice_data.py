"""The bank as data for practising in the page: a list of cards, and their texts.

`practice/cards/index.json` has what chooses a card; the texts of a topic are a file of
their own, which a tool loads when it shows a card of it. Texts are HTML that the build
wrote; links in them, and pages, are relative to the start page.
"""

from collections.abc import Callable
from functools import partial

from paradigms.site.content.questions import (
    TOPICS,
    Question,
    of_topic,
    question_places,
    questions,
)
from paradigms.site.exports.formats import Address, compact_json, place_url
from paradigms.site.fences.question import whiteboard
from paradigms.site.markdown.adapter import as_text, inline
from paradigms.site.templates.environment import slug

FOLDER = "practice/cards"


def practice_data(address: Address) -> dict[str, str]:
    """The files by their paths; `address` turns `q39/cache.md` into `q39/cache/`."""
    link = partial(place_url, address=address)
    ids = {topic: of_topic(topic) for topic in TOPICS}
    cards = [_card(key, topic, link) for topic, keys in ids.items() for key in keys]
    topics = {slug(topic): topic for topic in TOPICS}
    files = {f"{FOLDER}/index.json": compact_json({"topics": topics, "cards": cards})}
    for topic, keys in ids.items():
        texts = {key: _texts(questions()[key], link) for key in keys}
        files[f"{FOLDER}/{slug(topic)}.json"] = compact_json(texts)
    return files


def _card(key: str, topic: str, link: Callable[[str], str]) -> dict[str, object]:
    """What chooses a card: the question in plain text, its labels, its follow-ups."""
    question = questions()[key]
    return {
        "id": key,
        "question": as_text(question.question),
        "level": question.level,
        "kind": question.kind,
        "topic": slug(topic),
        "page": link(question_places()[key]),
        "points": len(question.key_points),
        "followUps": question.follow_ups,
    }


def _texts(question: Question, link: Callable[[str], str]) -> dict[str, object]:
    text = question.text(lambda line: inline(line, link))
    return {
        "question": text.question,
        "answer": text.answer,
        "board": whiteboard(question, text),
        "points": text.key_points,
        "wrong": text.wrong_answer,
    }
