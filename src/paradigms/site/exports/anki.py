"""The question bank as an Anki deck: one note per question, one subdeck per topic.

A note's guid is made from the question's id, so a new export updates its text and keeps
the reader's schedule. Anki updates a note only from a newer file, so the deck carries
the time of its newest source. Equal sources give equal bytes.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from functools import partial
from hashlib import sha256
from itertools import count
from pathlib import Path
from re import sub

from genanki import Deck, Model, Note, Package
from markupsafe import Markup, escape

from paradigms.site.content.questions import TOPICS, Question, QuestionText
from paradigms.site.exports.formats import zip_archive
from paradigms.site.exports.plain_text import address, citation_text, ordered_questions
from paradigms.site.exports.source_date import source_date
from paradigms.site.markdown.adapter import inline
from paradigms.site.templates.environment import render, slug

NAME = "Model Paradigms"
MODEL = 1_590_417_263  # a random id; another number would be another note type
FIELDS = (
    "Question",
    "Answer",
    "Key points",
    "Usual wrong answer",
    "Sources",
    "Often followed by",
    "Level",
    "Kind",
    "Page",
    "Id",
)
_HERE = Path(__file__).parent


def package(
    bank: Mapping[str, Question] | None = None, site_url: str = "", timestamp: int = 0
) -> bytes:
    """The file to import; `timestamp` in seconds, by default of the sources."""
    decks = _decks(bank or ordered_questions(), site_url)
    timestamp = timestamp or source_date()
    with closing(sqlite3.connect(":memory:")) as database:
        Package(decks).write_to_db(
            database.cursor(), timestamp, count(timestamp * 1000)
        )
        database.commit()
        collection = database.serialize()
    return zip_archive({"collection.anki2": collection, "media": "{}"})


def _decks(bank: Mapping[str, Question], site_url: str) -> list[Deck]:
    """The parent deck and a subdeck for each topic, in reading order."""
    model = _model()
    decks = {topic: Deck(_deck_id(topic), f"{NAME}::{topic}") for topic in TOPICS}
    for place, (key, entry) in enumerate(bank.items()):
        decks[entry.topic].add_note(
            Note(
                model=model,
                fields=list(_fields(key, entry, site_url).values()),
                tags=[
                    f"{slug(NAME)}::{name}::{slug(getattr(entry, name))}"
                    for name in ("topic", "level", "kind")
                ],
                guid=f"paradigms-{key}",
                due=place,
            )
        )
    return [Deck(_deck_id(NAME), NAME), *decks.values()]


def _deck_id(name: str) -> int:
    """A stable id for a deck, below 2^31, as genanki advises."""
    return (1 << 30) + int(sha256(name.encode()).hexdigest(), 16) % (1 << 30)


def _fields(key: str, entry: Question, site_url: str) -> dict[str, str]:
    text = entry.text(_html)
    values = (
        text.question,
        _answer(entry, text),
        _list(text.key_points),
        text.wrong_answer,
        _list(map(citation_text, entry.sources)),
        _list(text.follow_ups.values()),
        entry.level,
        entry.kind,
        escape(address(key, site_url)),
        key,
    )
    return dict(zip(FIELDS, values, strict=True))


def _answer(entry: Question, text: QuestionText) -> Markup:
    """The spoken answer, and below it what is written on the whiteboard.

    One field for all: Anki takes a note type with another field for a new one, and
    then leaves every note of an older deck as it was.
    """
    board = render(
        "whiteboard.html",
        key="",
        code=entry.code,
        formulas=text.formulas,
        bugs=text.bugs,
    )
    return (
        Markup("<p>{}</p>{}").format(text.answer, board)
        if board
        else Markup(text.answer)
    )


def _html(text: str) -> Markup:
    """HTML as on the site, with formulas as MathML, but without links."""
    return Markup(sub(r"</?a\b[^>]*>", "", inline(text, str)))


def _list(lines: Iterable[str]) -> Markup:
    """A list in HTML; nothing if it has no item."""
    lines = list(lines)
    return render("items.html", lines=lines) if lines else Markup()


def _model() -> Model:
    read = partial(Path.read_text, encoding="utf8")
    front, back = read(_HERE / "card-front.html"), read(_HERE / "card-back.html")
    return Model(
        MODEL,
        NAME,
        fields=[{"name": name} for name in FIELDS],
        templates=[{"name": "Question", "qfmt": front, "afmt": back}],
        css=read(_HERE / "card.css"),
    )
