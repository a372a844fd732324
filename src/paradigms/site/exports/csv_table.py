"""The question bank as CSV (RFC 4180): one row per question, one line per list item."""

import csv
import io

from paradigms.site.content.questions import Question
from paradigms.site.exports.plain_text import (
    address,
    citation_text,
    ordered_questions,
    plain,
)

COLUMNS = (
    "id",
    "topic",
    "level",
    "kind",
    "question",
    "answer",
    "code",
    "common bugs",
    "formulas",
    "key points",
    "usual wrong answer",
    "sources",
    "often followed by",
    "page",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def table(site_url: str = "") -> bytes:
    """Every question below a header row, in UTF-8."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)  # its defaults are RFC 4180: commas, quotes, CRLF
    writer.writerow(COLUMNS)
    for key, entry in ordered_questions().items():
        writer.writerow(map(escape_formula, _cells(key, entry, site_url)))
    return text.getvalue().encode()


def escape_formula(cell: str) -> str:
    """The cell, with an apostrophe in front if a spreadsheet would evaluate it."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _cells(key: str, entry: Question, site_url: str) -> list[str]:
    text = entry.text(plain)
    return [
        key,
        entry.topic,
        entry.level,
        entry.kind,
        text.question,
        text.answer,
        entry.code,
        "\n\n".join("\n".join(bug) for bug in text.bugs),
        "\n".join(text.formulas),
        "\n".join(text.key_points),
        text.wrong_answer,
        "\n".join(map(citation_text, entry.sources)),
        "\n".join(text.follow_ups.values()),
        address(key, site_url),
    ]
